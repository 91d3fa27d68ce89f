import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../cases/bench-error.js';

export interface ChildOptions {
  /** Path of the program. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Variables that are added to this process's environment, or override it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Resources that a process has used since its start. */
export interface Usage {
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

const HOOK = new URL('./usage-hook.js', import.meta.url).href;
const STOP_MS = 10_000;
const TAIL_CHARACTERS = 2000;

/** A program in a process of its own that answers questions. */
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

  /** Sends a question and resolves to the answer. Rejects with BENCH_CHILD_ENDED if the program has ended. */
  async ask<Answer>(question: string): Promise<Answer> {
    this.assertAlive();
    const answer = this.hear<Answer>(question);
    this.#process.send(question);
    return await answer;
  }

  /**
   * Waits for the program's answer to a question, also to a question that nobody asked. Rejects with BENCH_CHILD_ENDED.
   */
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

  /** Throws BENCH_CHILD_ENDED, with the end of the program's output, if the program has ended. */
  assertAlive(): void {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) throw this.#gone();
  }

  /** Sends SIGTERM, then SIGKILL if the program has not ended after 10 s. */
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
