import type { CommandIo } from './command.js';

export interface Progress {
  at(done: number, total?: number): void;
  end(): void;
}

const WIDTH = 30;
const EVERY_MS = 100;
/** What is over in a moment needs no bar. */
const LEAST = 20;

/** A bar on a terminal; nothing in a pipe. */
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
