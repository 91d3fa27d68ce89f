import { existsSync } from 'node:fs';
import { endAtEarlySignal } from '@walmq/runtime/signals';

/** Commands that run until a signal or a fault ends the process. */
const SERVICES = ['capture', 'dashboard', 'worker', 'dev'];

const args = process.argv.slice(2);
const isService = SERVICES.includes(args[0] ?? '') || (args[0] === 'alert' && args.includes('--watch'));
if (isService) endAtEarlySignal();
// Variables that are set already stay as they are. The second file is there while "walmq dev" runs in this project.
for (const file of isService ? ['.env'] : ['.env', '.walmq/dev.env'])
  if (existsSync(file)) process.loadEnvFile(file);
const { runCommand } = await import('./run-command.js');
await runCommand(args, { isService });
