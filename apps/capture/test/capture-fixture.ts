import { randomUUID } from 'node:crypto';
import { type Change, parseLsn } from '@walmq/change';
import {
  parseConfig,
  publishedTables,
  resolveConfig,
  type WalmqConfig,
  type WalmqConfigInput,
} from '@walmq/config';
import { setUp } from '@walmq/setup';
import { type ServerUrls, World } from '@walmq/testing';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import { vi } from 'vitest';
import { runSession } from '../src/session/session.js';
import type { CaptureEvent } from '../src/telemetry/capture-event.js';

/** What a test does at events of a capture. */
export type EventHandlers = {
  readonly [T in CaptureEvent['type']]?: (event: Extract<CaptureEvent, { type: T }>) => unknown;
};

/** A database, a slot and a Redis prefix of a test's own, and captures that run on them inside the test. */
export class CaptureWorld {
  readonly config: WalmqConfig;
  readonly #world: World;

  private constructor(world: World, config: WalmqConfig) {
    this.#world = world;
    this.config = config;
  }

  /** `name` must be unique in the file and valid for a database and a slot. */
  static async create(
    servers: ServerUrls,
    name: string,
    input: {
      schema: string;
      queues: WalmqConfigInput['queues'];
      capture?: WalmqConfigInput['capture'];
      outbox?: WalmqConfigInput['outbox'];
      shards?: number;
      /** Of `source`. */
      deadlineMs?: number;
      /** Of the database. Default: the server's, UTF8. */
      encoding?: string;
    },
  ): Promise<CaptureWorld> {
    const config = resolveConfig(
      parseConfig(
        {
          source: { slot: name, deadlineMs: input.deadlineMs },
          redis: { prefix: name, shards: input.shards },
          queues: input.queues,
          capture: input.capture,
          outbox: input.outbox,
        },
        name,
      ),
    );
    const world = await World.create(servers, name, input);
    await setUp(world.client, { ...config.source, tables: publishedTables(config) });
    return new CaptureWorld(world, config);
  }

  get databaseUrl(): string {
    return this.#world.databaseUrl;
  }

  get client(): Client {
    return this.#world.client;
  }

  get redis(): Redis {
    return this.#world.redis;
  }

  /** After the end of its server, or by another URL after the database has moved. */
  async reconnect(databaseUrl?: string): Promise<void> {
    await this.#world.reconnect(databaseUrl);
  }

  /**
   * Starts a capture in this process, by another URL where one is given; `stop` lets it drain, `ended` is how it ended
   * by itself.
   */
  capture(
    on: EventHandlers = {},
    databaseUrl = this.databaseUrl,
  ): { stop(): Promise<void>; ended: Promise<void> } {
    const stopping = new AbortController();
    const ended = runSession({
      config: this.config,
      databaseUrl,
      redisUrl: this.#world.redisUrl,
      instance: randomUUID(),
      stopping: stopping.signal,
      emit: event => (on[event.type] as ((event: CaptureEvent) => void) | undefined)?.(event),
    });
    ended.catch(() => undefined);
    return {
      ended,
      async stop() {
        stopping.abort();
        await ended;
      },
    };
  }

  /** The changes a queue has been given so far, in the order of the stream, finished or not. */
  async changes(queue: string): Promise<Change[]> {
    const ids = [...(await this.jobKeys(queue)).values()].sort();
    if (ids.length === 0) return [];
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hget(id, 'data');
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([, data]) => JSON.parse(data as string) as Change);
  }

  /** Waits until a queue has been given `count` changes; more than that is a failure of its own. */
  async waitForChanges(queue: string, count: number): Promise<Change[]> {
    return await vi.waitFor(
      async () => {
        const changes = await this.changes(queue);
        if (changes.length < count) throw new Error(`${changes.length} of ${count} changes`);
        if (changes.length > count) throw new Error(`${changes.length} changes where ${count} were made`);
        return changes;
      },
      { timeout: 30_000, interval: 20 },
    );
  }

  /** The Redis key of each change's job, by the change's id. */
  async jobKeys(queue: string): Promise<Map<string, string>> {
    const keys = await this.redis.keys(`${this.config.queues[queue]?.prefix}:${queue}:*`);
    return new Map(
      keys.flatMap(key => {
        const id = /:([0-9A-F]{16}-\d{10})-\w+$/.exec(key)?.[1];
        return id === undefined ? [] : [[id, key] as const];
      }),
    );
  }

  /** Waits until all that has been committed so far is acknowledged. */
  async waitUntilAcknowledged(): Promise<void> {
    const { rows } = await this.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    const end = parseLsn(rows[0]?.lsn as string);
    await vi.waitUntil(async () => parseLsn(await this.confirmedFlushLsn()) >= end, { timeout: 60_000 });
  }

  async confirmedFlushLsn(): Promise<string> {
    const { rows } = await this.client.query<{ lsn: string }>(
      'SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots WHERE slot_name = $1',
      [this.config.source.slot],
    );
    return rows[0]?.lsn as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#world[Symbol.asyncDispose]();
  }
}
