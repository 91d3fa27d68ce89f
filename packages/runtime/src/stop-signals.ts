import { readFileSync } from 'node:fs';

/**
 * Two signals within this time count as one: Ctrl+C reaches npm and the process, and npm forwards it. A
 * supervisor may signal a process group and its leader.
 */
const ONE_SIGNAL_MS = 2000;

/**
 * Ends the process with exit code 0 at SIGINT or SIGTERM, until `onStopSignals` takes over. Call it before the program is
 * loaded: nothing has started then. Without a handler, the first process of a container would ignore the signal.
 */
export function endAtEarlySignal(): void {
  for (const signal of EARLY_SIGNALS) process.on(signal, endEarly);
}

const EARLY_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function endEarly(): void {
  process.exit(0);
}

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP (a closed terminal), and `hurry` at a signal more than
 * two seconds later, from a user who does not want to wait.
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
  for (const signal of EARLY_SIGNALS) {
    process.on(signal, signalled);
    process.off(signal, endEarly);
  }
  if (!ignoresHangUp()) process.on('SIGHUP', signalled);
}

/** `nohup` ignores SIGHUP, and that must stay so. If the state is unknown, SIGHUP is left as it is. */
function ignoresHangUp(): boolean {
  try {
    const [, ignored = ''] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    return true;
  }
}
