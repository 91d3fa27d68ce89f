import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Check } from '../src/doctor/check.js';
import { runProgram } from '../src/program.js';
import type { CommandIo } from '../src/terminal/command.js';

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/** Runs the command line in this process, as main.ts does. */
export async function walmq(
  args: readonly string[],
  env: Record<string, string>,
  io: Partial<CommandIo> = {},
): Promise<Ended> {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runProgram(args, {
    env,
    colours: false,
    isTerminal: false,
    interrupted: () => new AbortController().signal,
    ask: undefined,
    draw: () => undefined,
    print: text => lines.push(...text.split('\n')),
    printError: text => errors.push(...text.split('\n')),
    ...io,
  });
  return { code, lines, errors };
}

type WorldInput = Pick<WalmqConfigInput, 'queues' | 'capture'> & {
  readonly redis?: Omit<NonNullable<WalmqConfigInput['redis']>, 'prefix' | 'url'>;
  /** Run in the new database. */
  readonly schema: string;
};

/** A database, a slot, a Redis prefix and a configuration file of a test's own, all named `name`. */
export class CliWorld {
  readonly name: string;
  readonly env: Record<string, string>;
  /** Superuser on the database. */
  readonly client: Client;
  readonly redis: Redis;
  readonly #folder: string;

  private constructor(name: string, folder: string, env: Record<string, string>) {
    this.name = name;
    this.env = env;
    this.#folder = folder;
    this.client = new Client(env.DATABASE_URL);
    this.redis = new Redis(env.REDIS_URL as string, { lazyConnect: true });
  }

  static async create(
    servers: { readonly postgresUrl: string; readonly redisUrl: string },
    name: string,
    { schema, queues, capture, redis }: WorldInput,
  ): Promise<CliWorld> {
    const admin = new Client(servers.postgresUrl);
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`).finally(() => admin.end());
    const folder = await mkdtemp(join(tmpdir(), 'walmq-cli-'));
    const configPath = join(folder, 'walmq.config.mjs');
    const config = { source: { slot: name }, redis: { ...redis, prefix: name }, queues, capture };
    await writeFile(configPath, `export default ${JSON.stringify(config)};\n`);
    const url = new URL(servers.postgresUrl);
    url.pathname = `/${name}`;
    const env = { DATABASE_URL: url.href, REDIS_URL: servers.redisUrl, WALMQ_CONFIG: configPath };
    const world = new CliWorld(name, folder, env);
    await Promise.all([world.client.connect(), world.redis.connect()]);
    await world.client.query(schema);
    return world;
  }

  async run(...args: string[]): Promise<Ended> {
    return await walmq(args, this.env);
  }

  /** The same world seen by another role: its URL in place of the superuser's. */
  as(role: string, password: string): Record<string, string> {
    const url = new URL(this.env.DATABASE_URL as string);
    url.username = role;
    url.password = password;
    return { ...this.env, DATABASE_URL: url.href };
  }

  /** What doctor finds, by name; a name that is not there finds nothing. */
  async doctor(env = this.env): Promise<{ code: number; checks: readonly Check[] }> {
    const { code, lines } = await walmq(['doctor', '--json'], env);
    return { code, checks: JSON.parse(lines.join('\n')) as Check[] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A slot left behind would hold back the WAL of every other test on this server.
    await this.client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [this.name],
    );
    await this.client.end();
    this.redis.disconnect();
    await rm(this.#folder, { recursive: true });
  }
}
