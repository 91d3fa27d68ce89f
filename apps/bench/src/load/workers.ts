import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsumerContext, type ContenderContext, configInput } from '../cases/bench-config.js';
import { type Contender, FACTS } from '../cases/contenders.js';
import type { Work } from '../cases/plan.js';
import type { HandledTimes } from '../consumers/handled.js';
import { PEERS_FOLDER } from '../peers/folder.js';
import { Child, programPath } from './child.js';
import { programsOf, THIS_CHECKOUT, walmqEnvironment } from './readers.js';

const PROGRAMS = {
  kit: 'consumers/kit-worker',
  bullmq: 'consumers/bullmq-worker',
  stream: 'consumers/stream-reader',
  graphile: 'peers/graphile-worker',
  'pg-boss': 'peers/pg-boss-worker',
  outbox: 'peers/outbox-worker',
} as const;

export interface WorkersOptions {
  readonly contender: Contender;
  readonly context: ContenderContext;
  readonly work: Work;
  readonly count: number;
  readonly against: string | undefined;
}

/** The worker processes of a contender. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running: Child[] = [];

  private constructor(options: WorkersOptions, env: Readonly<Record<string, string>>) {
    this.#options = options;
    this.#env = env;
  }

  /** Runs `act` while the workers run. */
  static async with<T>(options: WorkersOptions, act: (workers: Workers) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'walmq-bench-'));
    const input = configInput(options.context, options.work);
    const workers = new Workers(options, await walmqEnvironment(folder, options.context, input));
    try {
      await Promise.all(Array.from({ length: options.count }, () => workers.#start()));
      return await act(workers);
    } finally {
      await Promise.all(workers.#running.map(each => each.stop()));
      await rm(folder, { recursive: true });
    }
  }

  /** Number of changes whose handlers have ended. */
  async handled(): Promise<number> {
    const counts = await Promise.all(this.#running.map(each => each.ask<number>('handled')));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** What each process has handled since the last call. */
  async takeTimes(): Promise<HandledTimes[]> {
    return await Promise.all(this.#running.map(each => each.ask<HandledTimes>('times')));
  }

  async cpuSeconds(): Promise<number> {
    const usages = await Promise.all(this.#running.map(each => each.usage()));
    return usages.reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0);
  }

  /** Ends one worker with SIGKILL and starts another one. */
  async replaceOne(): Promise<void> {
    await this.#running.shift()?.kill();
    await this.#start();
  }

  async #start(): Promise<void> {
    const { contender, context, work, against } = this.#options;
    const { consumer, isTuned = false, isOther = false } = FACTS[contender];
    if (consumer === null) throw new Error(`${contender} has no handlers`);
    const checkout = isOther ? (against as string) : THIS_CHECKOUT;
    const given: ConsumerContext = {
      ...context,
      work,
      isTuned,
      kit: programsOf(checkout).kit,
      peersFolder: PEERS_FOLDER,
    };
    const child = new Child({
      program: programPath(PROGRAMS[consumer]),
      args: [JSON.stringify(given)],
      env: this.#env,
    });
    this.#running.push(child);
    await child.hear('ready');
  }
}
