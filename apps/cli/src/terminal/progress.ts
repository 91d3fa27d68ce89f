import type { CommandIo } from './command.js';

export interface Progress {
  at(done: number, total?: number): void;
  end(): void;
}

const WIDTH = 30;
const EVERY_MS = 100;
/** Minimum total for which a bar is drawn. Less work takes only a moment. */
const LEAST = 20;

/** Draws a progress bar on a terminal. Prints nothing in a pipe. */
export function openProgress(io: CommandIo, what: string, total: number): Progress {
  if (!io.isTerminal || total < LEAST) return { at: () => undefined, end: () => undefined };
  let drawnMs = 0;
  return {
    at(done, of = total) {
      const nowMs = performance.now();
      if (nowMs - drawnMs < EVERY_MS && done < of) return;
      drawnMs = nowMs;
      const full = of === 0 ? WIDTH : Math.round((done / of) * WIDTH);
      io.draw(`${what}  ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}  ${done} of ${of}`);
    },
    end: () => io.draw(''),
  };
}
