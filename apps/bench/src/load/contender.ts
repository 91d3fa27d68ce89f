import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContenderContext, configInput } from '../cases/bench-config.js';
import type { Contender } from '../cases/plan.js';
import { Child, programPath } from './child.js';

const CAPTURE = fileURLToPath(new URL('../../../capture/bin/capture.js', import.meta.url));

export interface ContenderOptions {
  readonly contender: Exclude<Contender, 'postgres'>;
  readonly context: ContenderContext;
  /** Path of the program of the contender `other`. */
  readonly against: string | undefined;
}

/** Runs `act` while the contender's process runs. */
export async function withContender<T>(
  options: ContenderOptions,
  act: (reader: Child) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-bench-'));
  try {
    const reader = await start(options, folder);
    try {
      return await act(reader);
    } finally {
      await reader.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function start({ contender, context, against }: ContenderOptions, folder: string): Promise<Child> {
  const args = [JSON.stringify(context)];
  switch (contender) {
    case 'glue':
      return new Child({ program: programPath('glue'), args });
    case 'redis':
      return new Child({ program: programPath('feed'), args });
    case 'walmq':
      return await startCapture(CAPTURE, context, folder);
    case 'other':
      return await startCapture(against as string, context, folder);
  }
}

/** Starts the real capture program, as an operator does. */
async function startCapture(program: string, context: ContenderContext, folder: string): Promise<Child> {
  const configPath = join(folder, 'walmq.config.ts');
  await writeFile(configPath, `export default ${JSON.stringify(configInput(context))};\n`);
  return new Child({
    program,
    env: {
      DATABASE_URL: context.databaseUrl,
      REDIS_URL: context.redisUrl,
      WALMQ_CONFIG: configPath,
      WALMQ_PORT: '0',
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
    },
  });
}
