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
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { vi } from 'vitest';
import { runSession } from '../src/session/session.js';
import type { CaptureEvent } from '../src/telemetry/capture-event.js';

/** Where a world's servers are, maybe through a network of the test's own. */
interface ServerUrls {
  readonly postgres: { readonly url: string };
  readonly redis: { readonly url: string };
}

/** What a test does at events of a capture. */
export type EventHandlers = {
  readonly [T in CaptureEvent['type']]?: (event: Extract<CaptureEvent, { type: T }>) => unknown;
};

/** A database, a slot and a Redis prefix of a test's own, and captures that run on them inside the test. */
export class CaptureWorld {
  readonly config: WalmqConfig;
  readonly databaseUrl: string;
  client: Client;
  readonly redis: Redis;
  readonly #servers: ServerUrls;

  private constructor(servers: ServerUrls, name: string, config: WalmqConfig) {
    this.#servers = servers;
    this.config = config;
    const url = new URL(servers.postgres.url);
    url.pathname = `/${name}`;
    this.databaseUrl = url.href;
    this.client = new Client(this.databaseUrl);
    this.redis = new Redis(servers.redis.url, { lazyConnect: true });
    this.redis.on('error', () => undefined); // some tests kill it
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
    const admin = new Client(servers.postgres.url);
    await admin.connect();
    await admin.query(
      `CREATE DATABASE ${name} ${input.encoding ? await encodingClause(admin, input.encoding) : ''}`,
    );
    await admin.end();
    const world = new CaptureWorld(servers, name, config);
    world.client.on('error', () => undefined); // some tests kill it too
    await Promise.all([world.client.connect(), world.redis.connect()]);
    await world.client.query(input.schema);
    await setUp(world.client, { ...config.source, tables: publishedTables(config) });
    return world;
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
      redisUrl: this.#servers.redis.url,
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

  /** A connection of the world's own dies with the server. */
  async reconnect(): Promise<void> {
    this.client = new Client(this.databaseUrl);
    this.client.on('error', () => undefined);
    await this.client.connect();
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
    await this.client.end();
    this.redis.disconnect();
  }
}

/** Of template0, as an encoding that is not the template's asks for; with the C locale, which goes with every encoding. */
async function encodingClause(admin: Client, encoding: string): Promise<string> {
  const { rows } = await admin.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const provider = (rows[0]?.version ?? 0) >= 150_000 ? 'LOCALE_PROVIDER libc' : '';
  return `TEMPLATE template0 ENCODING '${encoding}' ${provider} LC_COLLATE 'C' LC_CTYPE 'C'`;
}
