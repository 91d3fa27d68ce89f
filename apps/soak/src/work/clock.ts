// Loaded before a program: its wall clock jumps as a file says, as when an operator or NTP sets the clock of its machine. Timers
// and performance.now() are monotonic and do not jump, on a real machine either.
import { readFileSync } from 'node:fs';

const LOOK_MS = 20;
const path = process.env.SOAK_CLOCK as string;
const RealDate = Date;
let offsetMs = 0;

function look(): void {
  try {
    offsetMs = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    // The clock has not jumped yet.
  }
}

class JumpingDate extends RealDate {
  constructor(...given: [] | [string | number | Date]) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...(given as [string]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

look();
setInterval(look, LOOK_MS).unref();
globalThis.Date = JumpingDate as DateConstructor;
