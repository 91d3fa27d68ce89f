import { redact } from '@walmq/service';
import { type CommandIo, EXIT } from '../command.js';
import type { Check } from './check.js';
import { checkLines } from './print.js';

/** `walmq doctor`: checks everything that can be wrong; resolves to the exit code, 1 on any error. */
export async function doctorCommand(io: CommandIo, options: { json?: boolean }): Promise<number> {
  const checks: Check[] = [];
  if (options.json) io.print(redact(JSON.stringify(checks, null, 2)));
  else for (const check of checks) for (const line of checkLines(check, io.colours)) io.print(redact(line));
  return checks.some(({ status }) => status === 'error') ? EXIT.failed : EXIT.ok;
}
