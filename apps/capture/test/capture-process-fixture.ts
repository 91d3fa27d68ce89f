import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WalmqConfigInput } from '@walmq/config';
import { onTestFinished, vi } from 'vitest';

const PROGRAM = join(import.meta.dirname, '../bin/capture.js');
const CLI = join(import.meta.dirname, '../../cli/bin/walmq.js');

export interface CaptureSetting {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly config: WalmqConfigInput;
}

/** For tests: a configuration file of its own, and the environment that names it. */
async function writeSetting({ databaseUrl, redisUrl, config }: CaptureSetting) {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-capture-'));
  const path = join(folder, 'walmq.config.mjs');
  await writeFile(path, `export default ${JSON.stringify(config)};\n`);
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WALMQ_CONFIG: path,
    WALMQ_PORT: '0',
    LOG_FORMAT: 'json',
  };
  return { folder, env };
}

/** For tests: `npx walmq` with these arguments, to its end; what it printed. Rejects when it fails. */
export async function runWalmq(args: readonly string[], setting: CaptureSetting): Promise<string> {
  const { folder, env } = await writeSetting(setting);
  try {
    return (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For tests: capture as a process of its own, as an operator runs it. */
export class CaptureProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (this.#output += text));
  }

  /** Killed, where it still runs, when the test is over: a failed one leaves nothing behind. */
  static async start(setting: CaptureSetting): Promise<CaptureProcess> {
    const { folder, env } = await writeSetting(setting);
    const started = new CaptureProcess(spawn(process.execPath, [PROGRAM], { env }), folder);
    onTestFinished(async () => {
      await started.end('SIGKILL');
    });
    return started;
  }

  /** All it has logged, and said on standard error. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The most memory it has ever held (VmHWM of proc(5)). */
  async peakRssBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** What /ready or /metrics says. */
  async ask(path: 'ready' | 'metrics'): Promise<string> {
    const url = /"url":"([^"]+)"/.exec(this.#output)?.[1];
    return await (await fetch(`${url}/${path}`)).text();
  }

  /** The value of a metric without labels, or with exactly these. */
  async metric(name: string): Promise<number | undefined> {
    const line = (await this.ask('metrics')).split('\n').find(text => text.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length));
  }

  async waitFor(text: string, timeoutMs = 30_000): Promise<void> {
    await vi.waitUntil(() => this.#output.includes(text), { timeout: timeoutMs, interval: 10 });
  }

  /** Waits until it serves its health: from here on it ends by itself when told to, where before a signal kills it. */
  async serves(): Promise<void> {
    await this.waitFor('http:listening');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and resolves to the exit code once the process is gone; null after a kill. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
    return this.#child.exitCode;
  }

  async exitCode(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}
