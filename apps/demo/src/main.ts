import { fileURLToPath } from 'node:url';
import { CodedError } from '@walmq/change';
import { onStopSignals } from '@walmq/runtime';
import { HELP, readArguments } from './arguments.js';
import { runDemo } from './demo.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const INTERRUPTED = 130;

/** The reason of an abort by the user. */
class Stop extends Error {}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const { once, help } = readArguments(args);
    if (!help) return await demo(once);
    console.log(HELP);
    return 0;
  } catch (error) {
    console.error(error instanceof CodedError ? error.sentence : `walmq: ${(error as Error).message}`);
    return 1;
  }
}

async function demo(once: boolean): Promise<number> {
  const print = (line: string) => console.log(line);
  print('walmq: a shop whose every change becomes a job (Ctrl+C ends it)');
  try {
    const missing = await runDemo({ root: ROOT, env: process.env, once, print, signal: stopSignal() });
    return missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return once ? INTERRUPTED : 0;
  }
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  // Exits at once on a second signal: the watchdogs end what still runs.
  onStopSignals({ stop: () => stopping.abort(new Stop()), hurry: () => process.exit(INTERRUPTED) });
  // The reader of standard output is gone, so nobody can press Ctrl+C.
  process.stdout.on('error', () => stopping.abort(new Stop()));
  return stopping.signal;
}
