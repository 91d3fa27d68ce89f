import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWatchdog, type Watchdog } from '@walmq/supervise';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SupervisedAppOptions, startApp } from '../src/app.js';

/** Stands for an app: ready at once, and tells its process id. */
const PROGRAM = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(request.url === '/pid' ? String(process.pid) : 'ok'));
server.listen(Number(process.env.WALMQ_PORT), '127.0.0.1', () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  console.log(JSON.stringify({ level: 'info', event: 'http:listening', url, msg: 'listening' }));
  console.log(JSON.stringify({ level: 'info', event: 'change:processed', msg: 'processed by the app' }));
});
`;

let root: string;
let watchdog: Watchdog;
let ending: AbortController;
let printed: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'walmq-test-'));
  watchdog = await startWatchdog({ endSignal: 'TERM' });
  ending = new AbortController();
  printed = [];
});

afterEach(async () => {
  ending.abort();
  await watchdog.finish();
  await rm(root, { recursive: true });
});

async function start(program: string, mayRestart: (ending: string) => boolean = () => true) {
  const bin = join(root, 'apps', 'worker', 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'worker.js'), program);
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  const options: SupervisedAppOptions = {
    name: 'worker',
    root,
    env: process.env,
    watchdog,
    signal: ending.signal,
    print: line => void printed.push(line),
    mayRestart,
  };
  return await startApp(options);
}

const pidOf = async (url: string) => Number(await (await fetch(new URL('/pid', url))).text());

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('an app of the demo', () => {
  it('is started again on the same address when it is killed', async () => {
    const app = await start(PROGRAM);
    const first = await pidOf(app.url);
    process.kill(first, 'SIGKILL');
    await vi.waitFor(() => expect(printed).toContain('worker: started again, and ready'), 10_000);
    expect(await pidOf(app.url)).not.toBe(first);
    expect(printed.filter(line => line === 'processed by the app')).toHaveLength(2);
  });

  it('is started again though it dies while it starts', async () => {
    const app = await start(`
import { existsSync, writeFileSync } from 'node:fs';
const died = new URL('./died', import.meta.url);
if (Number(process.env.WALMQ_PORT) !== 0 && !existsSync(died)) {
  writeFileSync(died, '');
  process.kill(process.pid, 'SIGKILL');
}
${PROGRAM}`);
    process.kill(await pidOf(app.url), 'SIGKILL');
    await vi.waitFor(() => expect(printed).toContain('worker: started again, and ready'), 20_000);
    expect(printed).toContain('worker did not become ready: SIGKILL.');
  });

  it('stays down when it may not be started again', async () => {
    const endings: string[] = [];
    const app = await start(PROGRAM, how => {
      endings.push(how);
      return false;
    });
    process.kill(await pidOf(app.url), 'SIGKILL');
    await vi.waitFor(() => expect(endings).toEqual(['worker ended unexpectedly (SIGKILL)']), 10_000);
  });

  it('fails to start with its last words', async () => {
    await expect(start("console.error('DATABASE_URL is not set.'); process.exit(1)")).rejects.toMatchObject({
      code: 'APP_NOT_READY',
      message: 'worker did not become ready: exit code 1.\nDATABASE_URL is not set.',
    });
  });

  it('ends with the watchdog, even when it does not want to', async () => {
    const app = await start(`${PROGRAM}\nprocess.on('SIGTERM', () => {});`);
    const pid = await pidOf(app.url);
    ending.abort();
    await watchdog.finish();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  });
});
