import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Servers, World } from '@walmq/testing';
import { expect } from 'vitest';
import type { Registry } from '../src/registry.js';

const CONSUMER = join(import.meta.dirname, 'consumer');

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A project that knows nothing of this repository, in a folder of its own. */
export class Project {
  readonly folder: string;
  readonly #registry: Registry;
  /** Node.js of another version: the folder of its program. */
  #node: string | undefined;

  private constructor(folder: string, registry: Registry) {
    this.folder = folder;
    this.#registry = registry;
  }

  /** `files` of the folder `consumer`, and a package.json. */
  static async create(
    registry: Registry,
    files: readonly string[],
    manifest: Record<string, unknown> = {},
  ): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'walmq-project-'));
    const project = new Project(folder, registry);
    await project.write(
      'package.json',
      JSON.stringify({ name: 'shop', version: '1.0.0', type: 'module', ...manifest }),
    );
    await project.write(
      '.npmrc',
      `registry=${registry.url}\nfund=false\naudit=false\nupdate-notifier=false\n`,
    );
    for (const file of files) await cp(join(CONSUMER, file), join(folder, file));
    return project;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Runs the later commands with another version of Node.js, from the registry. */
  async useNode(version: string): Promise<void> {
    const { code, output } = await this.run('npx', ['-y', `node@${version}`, '-p', 'process.execPath']);
    expect(code, output).toBe(0);
    this.#node = dirname(output.trim());
  }

  /** Runs a command and expects that it ends with 0. Resolves to what it printed. */
  async do(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { code, output } = await this.run(command, args, env);
    expect(code, `${command} ${args.join(' ')}\n${output}`).toBe(0);
    return output;
  }

  async run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return await new Promise(resolve => {
      execFile(
        command,
        args,
        { cwd: this.folder, env: this.#environment(env), maxBuffer: 100_000_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : Number(error.code ?? 1);
          resolve({ code, output: stdout + (code === 0 ? '' : stderr) });
        },
      );
    });
  }

  /** Starts a command that runs until `stop`, which expects that it ends with 0 after SIGTERM. */
  start(command: readonly string[], env: Record<string, string>) {
    const [program, ...args] = command;
    const child = spawn(program as string, args, {
      cwd: this.folder,
      env: this.#environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A package manager between us and the program must not outlive it.
      detached: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)));
    const ended = once(child, 'close').then(([code, signal]) => String(signal ?? `exit ${code}`));
    const signal = (name: NodeJS.Signals) => process.kill(-(child.pid as number), name);
    return {
      output: () => output,
      stop: async () => {
        if (child.exitCode === null && child.signalCode === null) signal('SIGTERM');
        expect(await ended, output).toBe('exit 0');
      },
      kill: () => {
        if (child.exitCode === null && child.signalCode === null) signal('SIGKILL');
      },
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #environment(env: Record<string, string>): Record<string, string> {
    const path = this.#node === undefined ? process.env.PATH : `${this.#node}:${process.env.PATH}`;
    return {
      PATH: path as string,
      HOME: process.env.HOME ?? '/',
      // Environment variables of npm win over every .npmrc: those of the test's own npm must not come along.
      npm_config_registry: this.#registry.url,
      YARN_NPM_REGISTRY_SERVER: this.#registry.url,
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      // It remembers addresses of files at the registry of an earlier test.
      YARN_GLOBAL_FOLDER: join(this.folder, '.yarn-global'),
      YARN_ENABLE_TELEMETRY: 'false',
      COREPACK_ENABLE_STRICT: '0',
      ...env,
    };
  }
}

/** Commands of a project: the command `walmq`, and its worker. */
export interface Commands {
  readonly walmq: readonly string[];
  readonly worker: readonly string[];
}

/** Set-up, capture and the worker handle a change, from the commit of a row to the committed effect of the handler. */
export async function handlesAChange(
  project: Project,
  servers: Servers,
  name: string,
  { walmq, worker }: Commands,
): Promise<void> {
  await using world = await World.create(servers, name, {
    schema:
      'CREATE TABLE orders (id integer PRIMARY KEY, note text); CREATE TABLE seen (id integer, note text)',
  });
  const env = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
    WALMQ_NAME: name,
    WALMQ_PORT: '0',
    LOG_FORMAT: 'json',
  };
  const [program, ...args] = walmq as [string, ...string[]];
  await project.do(program, [...args, 'setup'], env);
  const running = [project.start([...walmq, 'capture'], env), project.start(worker, env)];
  try {
    await world.client.query("INSERT INTO orders VALUES (7, 'first')");
    await expect
      .poll(
        async () =>
          (await world.rows('SELECT * FROM seen')).concat(running.map(each => ({ output: each.output() }))),
        { timeout: 60_000 },
      )
      .toContainEqual({ id: 7, note: 'first' });
    for (const each of running) await each.stop();
  } finally {
    for (const each of running) each.kill();
  }
}
