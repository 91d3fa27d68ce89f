import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const ENV = {
  DATABASE_URL: 'postgres://user:s3cret@localhost/shop',
  REDIS_URL: 'redis://:s3cret@localhost:6379',
  WALMQ_PORT: '0',
};

class Program {
  readonly #child: ChildProcess;
  output = '';

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, 'program-fixture.mjs')], {
      env: { PATH: process.env.PATH, ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', text => (this.output += text));
  }

  async url(): Promise<string> {
    await expect.poll(() => this.output, { timeout: 20_000 }).toContain('http:listening');
    return /"url":"(http:[^"]+)"/.exec(this.output)?.[1] as string;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As if the reader of the log ended. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  async exitCode(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}

describe('the life of a service', () => {
  let program: Program;
  afterEach(() => program?.signal('SIGKILL'));

  it('says every missing or malformed variable in one sentence each, and exits with 1', async () => {
    program = new Program({ DATABASE_URL: 'mysql://user:s3cret@h/d', WALMQ_PORT: 'abc', LOG_LEVEL: 'loud' });
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toMatch(/DATABASE_URL is not a postgres:\/\/ or postgresql:\/\/ URL/);
    expect(program.output).toMatch(/REDIS_URL is not set/);
    expect(program.output).toMatch(/WALMQ_PORT must be a whole number from 0 to 65535/);
    expect(program.output).toMatch(/LOG_LEVEL must be one of/);
    expect(program.output).not.toMatch(/s3cret|\bat .*\.js:/);
  });

  it('takes the servers that the configuration names before those of the environment, which then need not be', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'walmq-service-'));
    const path = join(folder, 'walmq.config.mjs');
    const config = {
      source: { url: 'postgres://user:s3cret@configured/shop' },
      redis: { url: 'redis://configured:6379' },
      queues: { orders: { table: 'orders' } },
    };
    await writeFile(path, `export default ${JSON.stringify(config)};\n`);
    try {
      program = new Program({ WALMQ_PORT: '0', WALMQ_CONFIG: path });
      await program.url();
      expect(program.output).toContain('Using postgres://user:***@configured/shop');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['REDIS_URL', 'redis://:s3#cret@localhost:6379', 'has a "#" in user or password: write it as %23'],
    ['REDIS_URL', 'redis://user:s3/cret@localhost', 'has a "/" in user or password: write it as %2F'],
  ])('%s with a password that is not encoded: what to write, and no password', async (name, value, said) => {
    program = new Program({ ...ENV, [name]: value });
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain(`ENVIRONMENT_INVALID: ${name} ${said}.`);
    expect(program.output).not.toContain('cret');
  });

  it('a configuration that is not there is one sentence', async () => {
    program = new Program({ ...ENV, WALMQ_CONFIG: 'no-such.config.ts' });
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toMatch(
      /^CONFIG_MISSING: there is no configuration at .*no-such\.config\.ts\..*\n$/,
    );
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s runs the stop hooks, last registered first, and exits with 0',
    async signal => {
      program = new Program(ENV);
      await program.url();
      program.signal(signal);
      expect(await program.exitCode()).toBe(0);
      expect(program.output.indexOf('stopped second')).toBeLessThan(program.output.indexOf('stopped first'));
      expect(program.output).toContain('stopped first');
    },
  );

  it('serves /live, /ready and /metrics', async () => {
    program = new Program(ENV);
    const url = await program.url();
    expect((await fetch(`${url}/live`)).status).toBe(200);
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ready: true, reasons: {} });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_resident_memory_bytes');
  });

  it('is not ready while a part is not, and says which and why', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'late' });
    const response = await fetch(`${await program.url()}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: { part: 'not yet' } });
  });

  it('a fault is one sentence, drains, and exits with 1', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'fail' });
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain('stopped first');
    expect(program.output).toContain('broken: postgres://u:***@h/d');
  });

  it('a promise that nobody waits for is a fault too, and said to be one', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'reject' });
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain(
      'PROMISE_NOT_AWAITED: unhandled promise rejection: nobody waits for me. Await it',
    );
  });

  it('a signal that comes twice is one, and the drain goes on', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'slow', LOG_LEVEL: 'debug' });
    await program.url();
    program.signal('SIGTERM');
    await expect.poll(() => program.output).toContain('process:stopping');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) program.signal(signal);
    expect(await program.exitCode()).toBe(0);
    expect(program.output).toContain('stopped first');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s to npm and the process alike, as of Ctrl+C or a supervisor, is one signal too',
    async signal => {
      const folder = await mkdtemp(join(tmpdir(), 'walmq-service-'));
      const start = `exec node ${join(import.meta.dirname, 'program-fixture.mjs')}`;
      await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
      const npm = spawn('npm', ['run', 'start'], {
        cwd: folder,
        detached: true,
        env: {
          ...process.env,
          ...ENV,
          WALMQ_TEST: 'slow',
          WALMQ_CONFIG: join(process.cwd(), 'walmq.config.ts'),
        },
      });
      try {
        let output = '';
        for (const stream of [npm.stdout, npm.stderr]) stream.on('data', text => (output += text));
        const ended = once(npm, 'close');
        await expect.poll(() => output, { timeout: 30_000 }).toContain('http:listening');
        process.kill(-(npm.pid as number), signal);
        await ended;
        expect(output).toContain('stopped first');
        expect(output).toContain('exit code 0');
      } finally {
        if (npm.exitCode === null && npm.signalCode === null) process.kill(-(npm.pid as number), 'SIGKILL');
        await rm(folder, { recursive: true });
      }
    },
  );

  it('a signal that comes later ends a drain that hangs, with 1', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'hang', LOG_LEVEL: 'debug' });
    await program.url();
    let isOver = false;
    const ended = program.exitCode().finally(() => {
      isOver = true;
    });
    await expect
      .poll(
        () => {
          program.signal('SIGTERM');
          return isOver;
        },
        { interval: 200, timeout: 9000 },
      )
      .toBe(true);
    expect(await ended).toBe(1);
    expect(program.output).not.toContain('process:overdue');
  });

  it('drains and ends with 1 when its log cannot be written any more', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'chatty' });
    await program.url();
    program.stopReading();
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toMatch(/LOG_LOST: the log cannot be written: write EPIPE\. .*\ndrained\n$/);
  });

  it('a drain that takes too long ends with 1', async () => {
    program = new Program({ ...ENV, WALMQ_TEST: 'hang', WALMQ_SHUTDOWN_MS: '100' });
    await program.url();
    program.signal('SIGTERM');
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain('process:overdue');
  });

  it('a port in use is one sentence', async () => {
    program = new Program(ENV);
    const { port } = new URL(await program.url());
    const second = new Program({ ...ENV, WALMQ_PORT: port });
    expect(await second.exitCode()).toBe(1);
    expect(second.output).toMatch(/PORT_IN_USE: cannot listen on 127\.0\.0\.1:\d+.*WALMQ_PORT/);
  });

  it('never writes a password to its log', async () => {
    program = new Program(ENV);
    await program.url();
    program.signal('SIGTERM');
    await program.exitCode();
    expect(program.output).toContain('postgres://user:***@localhost/shop');
    expect(program.output).not.toContain('s3cret');
  });
});
