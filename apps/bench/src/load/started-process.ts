import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BenchError } from '../cases/bench-error.js';

const STOP_MS = 10_000;
const TAIL_CHARACTERS = 2000;

/** The life of a process whose output is kept for errors. */
export class StartedProcess {
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;
  #tail = '';

  constructor(child: ChildProcess) {
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
      });
    this.ended = once(child, 'close');
  }

  assertAlive(): void {
    if (this.#hasEnded()) throw this.gone();
  }

  async stop(): Promise<void> {
    if (this.#hasEnded()) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  gone(): BenchError {
    return new BenchError('BENCH_CHILD_ENDED', `a measured program ended by itself:\n${this.#tail.trim()}`);
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
