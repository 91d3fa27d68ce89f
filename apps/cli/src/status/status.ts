import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineStatus } from '@walmq/operations';
import type { Command } from 'commander';
import {
  type CommandIo,
  configOf,
  databaseUrlOf,
  EXIT,
  redisUrlOf,
  valueOrWhy,
} from '../terminal/command.js';
import { examples, type Host } from '../terminal/help.js';
import { drawStatus } from './draw-status.js';
import { openStatusReader } from './status-reader.js';

interface StatusCommandOptions {
  readonly json?: boolean;
  /** Repeat every second until Ctrl+C. */
  readonly watch?: boolean;
}

const INTERVAL_MS = 1000;
/** Escape sequences that overwrite the last picture line by line, so that nothing flickers. */
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';

export function addStatus(program: Command, { io, exit }: Host): void {
  program
    .command('status')
    .description('show database, slot, captures, queues and problems; exit code 1 on any error')
    .option('--watch', 'refresh every second until Ctrl+C')
    .option('--json', 'print one object; with --watch one per line')
    .addHelpText(
      'after',
      examples(
        ['walmq status --watch', 'keep it open in a terminal'],
        [`walmq status --json | jq '.queues[] | {name, waiting}'`, 'output for a program'],
      ),
    )
    .action(async (options: StatusCommandOptions) => exit(await statusCommand(io, options)));
}

/** `walmq status`: resolves to the exit code: 1 if a verdict is an error. With --watch, 0 after Ctrl+C. */
async function statusCommand(io: CommandIo, options: StatusCommandOptions): Promise<number> {
  const config = await configOf(io);
  const reader = openStatusReader({
    config,
    databaseUrl: valueOrWhy(() => databaseUrlOf(io, config)),
    redisUrl: valueOrWhy(() => redisUrlOf(io, config)),
  });
  try {
    if (options.watch) return await watch(io, options, () => reader.look());
    const status = await reader.look();
    io.print(textOf(status, io, options));
    return status.verdicts.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok;
  } finally {
    await reader.close();
  }
}

async function watch(
  io: CommandIo,
  options: StatusCommandOptions,
  look: () => Promise<PipelineStatus>,
): Promise<number> {
  const interrupted = io.interrupted();
  while (!interrupted.aborted) {
    const text = textOf(await look(), io, options);
    // In a pipe, print one picture after the other. With --json, print one line each.
    io.print(io.isTerminal && !options.json ? overdrawn(text) : text);
    await sleep(INTERVAL_MS, undefined, { signal: interrupted }).catch(() => undefined);
  }
  return EXIT.ok;
}

function overdrawn(text: string): string {
  return `${HOME}${text.replaceAll('\n', `${END_OF_LINE}\n`)}${END_OF_LINE}${BELOW}`;
}

function textOf(status: PipelineStatus, io: CommandIo, { json, watch }: StatusCommandOptions): string {
  if (json) return JSON.stringify(status, null, watch ? 0 : 2);
  return drawStatus(status, io.colours).join('\n');
}
