import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { type AppProcess, eventually, type Servers, startProgram } from '@walmq/testing';
import { expect } from 'vitest';
import { WorkerWorld } from './worker-fixture.js';

/** One handler for each change. */
const PROGRAM = 'kit-program-fixture.mjs';

const SCHEMA = `
  CREATE TABLE held (row integer PRIMARY KEY);
  CREATE TABLE begun (at bigint GENERATED ALWAYS AS IDENTITY, pid integer, row integer, step integer, attempt integer);
  CREATE TABLE made (at bigint GENERATED ALWAYS AS IDENTITY, pid integer, row integer, step integer);`;

/** A row of `steps`: the change's key, and its number among the key's changes. */
export interface Step {
  readonly row: number;
  readonly step: number;
}

export interface Begun extends Step {
  readonly pid: number;
  readonly attempt: number;
}

/** Processes of a worker of the queue "steps", with what they have done in tables. */
export class KitProcesses {
  readonly world: WorkerWorld;
  readonly #redisUrl: string;
  readonly #folder: string;
  readonly #program: string;
  readonly #started: AppProcess[] = [];

  private constructor(
    world: WorkerWorld,
    { redisUrl, folder, program }: { redisUrl: string; folder: string; program: string },
  ) {
    this.world = world;
    this.#redisUrl = redisUrl;
    this.#folder = folder;
    this.#program = program;
  }

  static async create(
    servers: Servers,
    name: string,
    redis: WalmqConfigInput['redis'] = {},
    program = PROGRAM,
  ): Promise<KitProcesses> {
    const queues = { steps: { table: 'steps', concurrency: 4, stalledAfterMs: 1000, maxStalledCount: 1000 } };
    const world = await WorkerWorld.create(servers, name, { queues, schema: SCHEMA });
    const folder = await mkdtemp(join(tmpdir(), 'walmq-kit-'));
    await writeFile(
      join(folder, 'walmq.config.mjs'),
      `export default ${JSON.stringify({ redis: { prefix: name, ...redis }, queues })};`,
    );
    return new KitProcesses(world, { redisUrl: servers.redis.url, folder, program });
  }

  /** Starts one and waits until it serves. */
  async start(env: Record<string, string> = {}): Promise<AppProcess> {
    const started = this.launch(env);
    await started.url();
    return started;
  }

  launch(env: Record<string, string> = {}): AppProcess {
    const started = startProgram(join(import.meta.dirname, this.#program), {
      DATABASE_URL: this.world.databaseUrl,
      REDIS_URL: this.#redisUrl,
      WALMQ_CONFIG: join(this.#folder, 'walmq.config.mjs'),
      ...env,
    });
    this.#started.push(started);
    return started;
  }

  /** Adds the changes of one row, to be processed in order; resolves to the ids of their jobs. */
  async addSteps(row: number, count: number, attempts?: number): Promise<string[]> {
    const steps = Array.from({ length: count }, (_, n) => ({ row, step: n + 1 }));
    const changes = steps.map(after => this.world.change<Step>('insert', 'steps', { after }));
    const jobs = await this.world.addInOrder('steps', changes, attempts);
    return jobs.map(job => job.id as string);
  }

  /** A held row's handlers wait until it is released. */
  async hold(row: number): Promise<void> {
    await this.world.rows('INSERT INTO held VALUES ($1)', [row]);
  }

  async release(row: number): Promise<void> {
    await this.world.rows('DELETE FROM held WHERE row = $1', [row]);
  }

  /** Waits until a process has begun with a row. */
  async begins({ pid }: AppProcess, row: number): Promise<void> {
    await eventually(async () =>
      expect((await this.begun(row)).filter(each => each.pid === pid)).not.toEqual([]),
    );
  }

  async begun(row: number): Promise<Begun[]> {
    return await this.world.rows('SELECT pid, row, step, attempt FROM begun WHERE row = $1 ORDER BY at', [
      row,
    ]);
  }

  /** The steps of a row, in the order in which their effects were made. */
  async made(row: number): Promise<number[]> {
    const rows = await this.world.rows<Step>('SELECT step FROM made WHERE row = $1 ORDER BY at', [row]);
    return rows.map(({ step }) => step);
  }

  async completed(count: number): Promise<void> {
    await eventually(async () => expect(await this.world.countOf('steps', 'completed')).toBe(count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map(each => each.end('SIGKILL')));
    await this.world[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}
