import { InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../terminal/command.js';

/** `--port`, the option of every command that serves /live, /ready and /metrics. */
export function portOption(): Option {
  return new Option('--port <port>', 'port of /live, /ready and /metrics; 0: any free one').argParser(port);
}

function port(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return text;
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
}

/** The variables of the process, with the port of the option in the place of WALMQ_PORT. */
export function envWithPort({ env }: CommandIo, port: string | undefined): CommandIo['env'] {
  return port === undefined ? env : { ...env, WALMQ_PORT: port };
}
