import { fileURLToPath } from 'node:url';
import { WalmqError } from '@walmq/change';
import { HELP, readArguments } from './arguments.js';
import { runDemo } from './demo.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The reason of an abort that the user asked for. */
class Stop extends Error {}

process.exitCode = await main();

async function main(): Promise<number> {
  const stopping = new AbortController();
  const print = (line: string) => console.log(line);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // The watchdogs end what is still there.
      if (stopping.signal.aborted) process.exit(130);
      stopping.abort(new Stop());
    });
  // Whoever reads our lines has gone: nobody is left to press Ctrl+C.
  process.stdout.on('error', () => stopping.abort(new Stop()));
  try {
    const { once, help } = readArguments(process.argv.slice(2));
    if (help) {
      print(HELP);
      return 0;
    }
    print('walmq: a shop whose every change becomes a job (Ctrl+C ends it)');
    const missing = await runDemo({ root: ROOT, env: process.env, once, print, signal: stopping.signal });
    return missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof Stop) return 0;
    console.error(error instanceof WalmqError ? error.sentence : `walmq: ${(error as Error).message}`);
    return 1;
  }
}
