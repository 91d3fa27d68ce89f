import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import {
  type AppProcess,
  eventually,
  type ServerUrls,
  startNetwork,
  startProgram,
  writeConfig,
} from '@walmq/testing';
import { workerSchemaSql } from '@walmq/worker';
import { Client } from 'pg';
import { expect } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

/** A worker of the queue "steps" that writes what it does into `made`, once. */
const WORKER = join(import.meta.dirname, '../../../packages/worker/test/kit-program-fixture.mjs');
const ROWS = 7;
const SCHEMA = `
  ${workerSchemaSql}
  CREATE TABLE steps (row integer, step integer, note text, PRIMARY KEY (row, step));
  CREATE TABLE held (row integer PRIMARY KEY);
  CREATE TABLE begun (at bigint GENERATED ALWAYS AS IDENTITY, pid integer, row integer, step integer, attempt integer);
  CREATE TABLE made (at bigint GENERATED ALWAYS AS IDENTITY, pid integer, row integer, step integer);`;
const QUEUES = {
  steps: { table: 'steps', orderBy: 'row', concurrency: 4, stalledAfterMs: 1000, maxStalledCount: 1000 },
};

export interface StepsOptions {
  readonly postgres: ServerUrls['postgres'];
  readonly redisUrl: string;
  /** A server for the test's own look at Redis. */
  readonly lookAt: { readonly url: string; readonly port: number };
  readonly redis?: WalmqConfigInput['redis'];
  readonly capture?: WalmqConfigInput['capture'];
  /** Of each change. Default: that of every queue. */
  readonly attempts?: number;
  readonly alerts?: WalmqConfigInput['alerts'];
  /** Beside the queue "steps". */
  readonly queues?: WalmqConfigInput['queues'];
}

/** For tests: steps of seven rows, from PostgreSQL through capture and a worker to a table, all as processes of their own. */
export class Steps implements AsyncDisposable {
  readonly world: CaptureWorld;
  readonly #redisUrl: string;
  readonly config: WalmqConfigInput;
  readonly #writing = new AbortController();
  #written = 0;
  #writer: Promise<void> | undefined;

  private constructor(world: CaptureWorld, redisUrl: string, config: WalmqConfigInput) {
    this.world = world;
    this.#redisUrl = redisUrl;
    this.config = config;
  }

  static async create(
    name: string,
    { postgres, redisUrl, lookAt, redis = {}, capture, attempts, alerts, queues }: StepsOptions,
  ): Promise<Steps> {
    const network = await startNetwork(lookAt.port);
    const world = await CaptureWorld.create({ postgres, redis: { url: network.url(lookAt.url) } }, name, {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const config = {
      source: { slot: world.config.source.slot },
      redis: { prefix: world.config.redis.prefix, deadlineMs: 3000, ...redis },
      capture,
      alerts,
      queues: { steps: { ...QUEUES.steps, attempts }, ...queues },
    };
    return new Steps(world, redisUrl, config);
  }

  startCapture(): Promise<CaptureProcess> {
    return CaptureProcess.start({
      databaseUrl: this.world.databaseUrl,
      redisUrl: this.#redisUrl,
      config: this.config,
    });
  }

  async startWorker(): Promise<AppProcess> {
    return startProgram(WORKER, {
      DATABASE_URL: this.world.databaseUrl,
      REDIS_URL: this.#redisUrl,
      WALMQ_CONFIG: await writeConfig(this.config),
    });
  }

  /** Inserts steps, a few hundred a second, until `finish`. */
  write(): void {
    this.#writer = (async () => {
      const client = new Client(this.world.databaseUrl);
      client.on('error', () => undefined);
      await client.connect();
      while (!this.#writing.signal.aborted) {
        const n = this.#written;
        await client.query('INSERT INTO steps VALUES ($1, $2)', [n % ROWS, n]);
        this.#written += 1;
        await new Promise(resolve => setTimeout(resolve, 3));
      }
      await client.end();
    })();
  }

  /** Resolves when the worker has made `count` steps more than now. */
  async made(count: number): Promise<void> {
    const from = await this.#countMade();
    await eventually(async () => expect(await this.#countMade()).toBeGreaterThanOrEqual(from + count));
  }

  async stopWriting(): Promise<void> {
    this.#writing.abort();
    await this.#writer;
  }

  /** Stops writing, and proves that each step was made once, in order per row. */
  async finish(): Promise<void> {
    await this.stopWriting();
    await eventually(async () => expect(await this.#countMade()).toBeGreaterThanOrEqual(this.#written));
    const { rows } = await this.world.client.query<{ row: number; step: number }>(
      'SELECT row, step FROM made ORDER BY at',
    );
    for (let row = 0; row < ROWS; row++) {
      const expected = Array.from({ length: this.#written }, (_, n) => n).filter(n => n % ROWS === row);
      expect(rows.filter(each => each.row === row).map(({ step }) => step)).toEqual(expected);
    }
  }

  async #countMade(): Promise<number> {
    const { rows } = await this.world.client.query<{ count: string }>('SELECT count(*) FROM made');
    return Number(rows[0]?.count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopWriting();
    await this.world[Symbol.asyncDispose]();
  }
}
