import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Client } from 'pg';
import { vi } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
export const EXAMPLES = join(ROOT, 'docs/examples');
const JITI = join(ROOT, 'node_modules/jiti/lib/jiti-cli.mjs');

/** A program that goes on until it is stopped. */
export interface RunningProgram {
  output(): string;
  /** Resolves to its exit code. */
  stop(): Promise<number | null>;
}

/**
 * For tests: the folder of examples as a project of somebody's own, in a folder of its own, on servers of its own: set up,
 * with a capture that runs.
 */
export class ExampleWorld {
  readonly folder: string;
  readonly client: Client;
  readonly redisUrl: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #servers: readonly [EmbeddedPostgres, EmbeddedRedis];
  readonly #running = new Set<RunningProgram>();

  private constructor(folder: string, servers: readonly [EmbeddedPostgres, EmbeddedRedis]) {
    const [postgres, redis] = servers;
    this.folder = folder;
    this.#servers = servers;
    this.redisUrl = redis.url;
    this.client = new Client(postgres.url);
    this.#env = {
      PATH: process.env.PATH,
      HOME: folder,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      MASK_KEY: 'a secret of the examples',
      WALMQ_PORT: '0',
      LOG_FORMAT: 'json',
      npm_config_update_notifier: 'false',
    };
  }

  static async create(setupOptions: readonly string[]): Promise<ExampleWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'walmq-examples-'));
    await cp(EXAMPLES, folder, { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const world = new ExampleWorld(folder, await Promise.all([startPostgres(), startRedis()]));
    await world.client.connect();
    await world.sql('schema.sql');
    const setup = join(ROOT, 'packages/shop/bin/shop-setup.js');
    await world.#run(process.execPath, [setup, ...setupOptions]);
    world.app('capture');
    return world;
  }

  /** Runs a script of SQL; resolves to the rows of its last statement. */
  async sql(file: string): Promise<unknown[]> {
    const results = await this.client.query(await readFile(join(this.folder, file), 'utf8'));
    return [results].flat().at(-1)?.rows ?? [];
  }

  async rows<Row extends object>(sql: string): Promise<Row[]> {
    return (await this.client.query<Row>(sql)).rows;
  }

  /** Runs a script of shell commands to its end, which has to be a good one; resolves to what it printed. */
  async shell(file: string): Promise<string> {
    return await this.#run('bash', ['-euo', 'pipefail', file]);
  }

  /** Runs a program to its end, which has to be a good one; resolves to what it printed. */
  async program(file: string): Promise<string> {
    return await this.#run(process.execPath, [JITI, file]);
  }

  /** A worker of the configuration, by its name. */
  worker(name: string, env: Record<string, string> = {}): RunningProgram {
    return this.#spawn([join(ROOT, 'packages/walmq/bin/walmq.js'), 'worker', name], env);
  }

  start(file: string, env: Record<string, string> = {}): RunningProgram {
    return this.#spawn(file.endsWith('.ts') ? [JITI, file] : [file], env);
  }

  /** An app of ours, as `npm run` starts it. */
  app(name: string, env: Record<string, string> = {}): RunningProgram {
    return this.#spawn([join(ROOT, 'apps', name, 'bin', `${name}.js`)], env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map(program => program.stop()));
    await this.client.end();
    await Promise.all(this.#servers.map(server => server.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    return (await promisify(execFile)(command, args, { cwd: this.folder, env: this.#env })).stdout;
  }

  #spawn(args: readonly string[], env: Record<string, string>): RunningProgram {
    const child: ChildProcess = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (output += String(text)));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const running = {
      output: () => output,
      stop: async () => {
        child.kill('SIGTERM');
        this.#running.delete(running);
        return await ended;
      },
    };
    this.#running.add(running);
    return running;
  }
}

/** Waits until it is so; on a slow machine that may take its time. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 50 });
}
