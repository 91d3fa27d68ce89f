import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Program, Usage } from './program.js';
import { StartedProcess } from './started-process.js';

export interface ChildOptions {
  /** Path of the program. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Variables that are added to this process's environment, or override it. */
  readonly env?: Readonly<Record<string, string>>;
}

const HOOK = new URL('./usage-hook.js', import.meta.url).href;

/** A Node.js program in a process of its own that answers questions. */
export class Child implements Program {
  readonly #process: ChildProcess;
  readonly #started: StartedProcess;

  constructor({ program, args = [], env = {} }: ChildOptions) {
    this.#process = fork(program, [...args], {
      execArgv: [...process.execArgv, '--import', HOOK],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#started = new StartedProcess(this.#process);
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
      void this.#started.ended.then(() => reject(this.#started.gone()));
    });
  }

  async usage(): Promise<Usage> {
    const usage = await this.ask<NodeJS.ResourceUsage>('usage');
    return {
      cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
      peakRssBytes: usage.maxRSS * 1024,
    };
  }

  assertAlive(): void {
    this.#started.assertAlive();
  }

  stop(): Promise<void> {
    return this.#started.stop();
  }

  kill(): Promise<void> {
    return this.#started.kill();
  }
}

/** Path of a compiled program of this workspace, `load/glue`. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../${name}.js`, import.meta.url));
}
