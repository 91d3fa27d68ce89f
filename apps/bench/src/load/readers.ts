import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContenderContext, configInput } from '../cases/bench-config.js';
import { BenchError } from '../cases/bench-error.js';
import type { ReaderKind } from '../cases/contenders.js';
import { startDebezium } from '../peers/debezium.js';
import { Child, programPath } from './child.js';
import type { Program } from './program.js';

/** Root of this checkout. */
export const THIS_CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url));

/** The program of capture and the package of the worker kit in a checkout. */
export function programsOf(checkout: string): { readonly capture: string; readonly kit: string } {
  return {
    capture: join(checkout, 'apps', 'capture', 'bin', 'capture.js'),
    kit: join(checkout, 'packages', 'worker', 'dist', 'index.js'),
  };
}

/** Throws BENCH_ARGUMENTS unless there is a built checkout. */
export function checkCheckout(checkout: string): void {
  const missing = Object.values(programsOf(checkout)).find(file => !existsSync(file));
  if (missing !== undefined)
    throw new BenchError('BENCH_ARGUMENTS', `--against ${checkout}: there is no ${missing}.`, {
      remedy: 'Name the folder of a checkout of walmq, and run "npm ci" there.',
    });
}

export interface ReaderOptions {
  readonly kind: Exclude<ReaderKind, null>;
  readonly context: ContenderContext;
  /** Root of the other checkout. */
  readonly against: string | undefined;
}

/** Runs `act` with a function that starts the reader: once, and again after it was killed. */
export async function withReader<T>(
  options: ReaderOptions,
  act: (start: () => Promise<Program>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-bench-'));
  try {
    return await act(() => startReader(options, folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function startReader({ kind, context, against }: ReaderOptions, folder: string): Promise<Program> {
  const args = [JSON.stringify(context)];
  switch (kind) {
    case 'glue':
    case 'feed':
      return new Child({ program: programPath(`load/${kind}`), args });
    case 'capture':
    case 'other-capture': {
      // The real program, as an operator starts it.
      const checkout = kind === 'capture' ? THIS_CHECKOUT : (against as string);
      return new Child({
        program: programsOf(checkout).capture,
        env: await walmqEnvironment(folder, context),
      });
    }
    case 'debezium':
    case 'debezium-tuned':
      return await startDebezium({ context, folder, isTuned: kind === 'debezium-tuned' });
  }
}

/** Writes a configuration into the folder. Returns the environment of a program of walmq. */
export async function walmqEnvironment(
  folder: string,
  context: ContenderContext,
  input = configInput(context),
): Promise<Record<string, string>> {
  const configPath = join(folder, 'walmq.config.ts');
  await writeFile(configPath, `export default ${JSON.stringify(input)};\n`);
  return {
    DATABASE_URL: context.databaseUrl,
    REDIS_URL: context.redisUrl,
    WALMQ_CONFIG: configPath,
    WALMQ_PORT: '0',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
  };
}
