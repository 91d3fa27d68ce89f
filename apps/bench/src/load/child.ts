import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../cases/bench-error.js';

export interface ChildOptions {
  /** Path of the program. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Over this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a process has used since its start. */
export interface Usage {
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

const HOOK = new URL('./usage-hook.js', import.meta.url).href;
const STOP_MS = 10_000;
const TAIL_CHARACTERS = 2000;

/** A program of ours in a process of its own, which answers questions. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #tail = '';

  constructor({ program, args = [], env = {} }: ChildOptions) {
    this.#process = fork(program, [...args], {
      execArgv: [...process.execArgv, '--import', HOOK],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
      });
    this.#ended = once(this.#process, 'close');
  }

  /** Asks by message, and resolves to the answer. Rejects with BENCH_CHILD_ENDED when the program is gone. */
  async ask<Answer>(question: string): Promise<Answer> {
    this.assertAlive();
    const answer = this.hear<Answer>(question);
    this.#process.send(question);
    return await answer;
  }

  /** What the program answers to a question, asked or not. Rejects with BENCH_CHILD_ENDED. */
  hear<Answer>(question: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: unknown) => {
        const reply = message as { question: string; answer: Answer };
        if (reply.question !== question) return;
        this.#process.off('message', onMessage);
        resolve(reply.answer);
      };
      this.#process.on('message', onMessage);
      void this.#ended.then(() => reject(this.#gone()));
    });
  }

  async usage(): Promise<Usage> {
    const usage = await this.ask<NodeJS.ResourceUsage>('usage');
    return {
      cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
      peakRssBytes: usage.maxRSS * 1024,
    };
  }

  /** Throws BENCH_CHILD_ENDED, with its last words, when the program is gone. */
  assertAlive(): void {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) throw this.#gone();
  }

  /** SIGTERM; SIGKILL when that takes too long. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #gone(): BenchError {
    return new BenchError('BENCH_CHILD_ENDED', `a measured program ended by itself:\n${this.#tail.trim()}`);
  }
}

/** Path of a compiled program beside this file. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
