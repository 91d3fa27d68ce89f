import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { type ServerUrls, World } from '@walmq/testing';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import type { Check } from '../src/doctor/check.js';
import { runProgram } from '../src/program.js';
import type { CommandIo } from '../src/terminal/command.js';

const CONFIG = 'walmq.config.mjs';

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
  readonly env: Record<string, string>;
  readonly #world: World;
  readonly #folder: string;

  private constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
    this.env = {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
      WALMQ_CONFIG: join(folder, CONFIG),
    };
  }

  static async create(
    servers: ServerUrls,
    name: string,
    { schema, queues, capture, redis }: WorldInput,
  ): Promise<CliWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'walmq-cli-'));
    const config = { source: { slot: name }, redis: { ...redis, prefix: name }, queues, capture };
    await writeFile(join(folder, CONFIG), `export default ${JSON.stringify(config)};\n`);
    return new CliWorld(await World.create(servers, name, { schema }), folder);
  }

  get name(): string {
    return this.#world.name;
  }

  /** Superuser on the database. */
  get client(): Client {
    return this.#world.client;
  }

  get redis(): Redis {
    return this.#world.redis;
  }

  async run(...args: string[]): Promise<Ended> {
    return await walmq(args, this.env);
  }

  /** The same world seen by another role: its URL in place of the superuser's. */
  as(role: string, password: string): Record<string, string> {
    return { ...this.env, DATABASE_URL: this.#world.urlAs(role, password) };
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
    await this.#world[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}
