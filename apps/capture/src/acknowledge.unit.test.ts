import { comparePositions, type Lsn, type Position, toLsn } from '@walmq/change';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextProgress, type Progress, type ProgressEvent, progressFrom } from './acknowledge.js';

const at = (lsn: bigint, seq = 0): Position => ({ lsn: toLsn(lsn), seq });
const lsn = (value: bigint): Lsn => toLsn(value);

describe('progress', () => {
  it('acknowledges the exact end LSN of what is durable', () => {
    const progress = nextProgress(
      progressFrom(at(10n), lsn(10n)),
      { type: 'durable', position: at(500n), nowMs: 0 },
      0,
    );
    expect(progress.acknowledged).toBe(500n);
  });

  it('acknowledges nothing that is merely received or enqueued', () => {
    let progress = progressFrom(at(10n), lsn(10n));
    progress = nextProgress(progress, { type: 'received', lsn: lsn(900n) }, 0);
    progress = nextProgress(progress, { type: 'enqueued', position: at(900n) }, 0);
    expect(progress.acknowledged).toBe(10n);
  });

  it('trails by ackDelayMs', () => {
    let progress = progressFrom(at(10n), lsn(10n));
    progress = nextProgress(progress, { type: 'durable', position: at(20n), nowMs: 1000 }, 500);
    progress = nextProgress(progress, { type: 'durable', position: at(30n), nowMs: 1400 }, 500);
    expect(progress.acknowledged).toBe(10n);
    progress = nextProgress(progress, { type: 'elapsed', nowMs: 1500 }, 500);
    expect(progress.acknowledged).toBe(20n);
    progress = nextProgress(progress, { type: 'elapsed', nowMs: 1900 }, 500);
    expect(progress.acknowledged).toBe(30n);
    expect(progress.delayed).toEqual([]);
  });

  it('keeps received >= enqueued >= durable >= acknowledged, and never goes back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 50 }), (steps, ackDelayMs) => {
        let progress: Progress = { ...progressFrom(at(0n), lsn(0n)) };
        const stream = new Stream();
        for (const kind of steps) {
          const event = stream.event(kind, progress);
          const next = nextProgress(progress, event, ackDelayMs);
          expect(next.acknowledged).toBeLessThanOrEqual(next.durable.lsn);
          expect(comparePositions(next.durable, next.enqueued)).toBeLessThanOrEqual(0);
          expect(next.enqueued.lsn).toBeLessThanOrEqual(next.received);
          expect(next.acknowledged).toBeGreaterThanOrEqual(progress.acknowledged);
          progress = next;
        }
      }),
    );
  });
});

const step = fc.constantFrom('received', 'enqueued', 'durable', 'elapsed');

/** Events in an order that a real stream could have: nothing is enqueued before it was received, and so on. */
class Stream {
  #nowMs = 0;

  event(kind: string, progress: Progress): ProgressEvent {
    this.#nowMs += 7;
    switch (kind) {
      case 'enqueued':
        return { type: 'enqueued', position: { lsn: progress.received, seq: 0 } };
      case 'durable':
        return { type: 'durable', position: progress.enqueued, nowMs: this.#nowMs };
      case 'elapsed':
        return { type: 'elapsed', nowMs: this.#nowMs };
      default:
        return { type: 'received', lsn: toLsn(progress.received + 13n) };
    }
  }
}
