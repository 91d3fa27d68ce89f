import { readFileSync } from 'node:fs';

/**
 * A signal that comes twice within this is one: Ctrl+C reaches npm and the process, and npm hands it on; so does a
 * supervisor that signals a process group and its leader.
 */
const ONE_SIGNAL_MS = 2000;

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP (a terminal that was closed), and `hurry` at those that come later than
 * two seconds after it, from somebody who does not want to wait.
 */
export function onStopSignals(handlers: {
  readonly stop: (signal: NodeJS.Signals) => void;
  readonly hurry: (signal: NodeJS.Signals) => void;
}): void {
  let stoppedAtMs: number | undefined;
  const signalled = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (stoppedAtMs === undefined) {
      stoppedAtMs = nowMs;
      handlers.stop(signal);
    } else if (nowMs - stoppedAtMs > ONE_SIGNAL_MS) handlers.hurry(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, signalled);
  if (!ignoresHangUp()) process.on('SIGHUP', signalled);
}

/** As `nohup` has it. Where it cannot be known, nobody's wish is overruled. */
function ignoresHangUp(): boolean {
  try {
    const [, ignored = ''] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    return true;
  }
}
