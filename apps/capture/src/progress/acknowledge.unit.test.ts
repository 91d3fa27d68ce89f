import { comparePositions, type Lsn, type Position, toLsn } from '@walmq/change';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextProgress, type Progress, type ProgressEvent, progressFrom } from './acknowledge.js';

const at = (lsn: bigint, seq = 0): Position => ({ lsn: toLsn(lsn), seq });
const lsn = (value: bigint): Lsn => toLsn(value);

describe('progress', () => {
  it('acknowledges the exact end LSN of what is durable', () => {
    const progress = nextProgress(
      progressFrom([at(10n)], lsn(10n)),
      { type: 'durable', shard: 0, position: at(500n), nowMs: 0 },
      0,
    );
    expect(progress.acknowledged).toBe(500n);
  });

  it('acknowledges nothing that is merely received or enqueued', () => {
    let progress = progressFrom([at(10n)], lsn(10n));
    progress = nextProgress(progress, { type: 'received', lsn: lsn(900n) }, 0);
    progress = nextProgress(progress, { type: 'enqueued', shard: 0, position: at(900n) }, 0);
    expect(progress.acknowledged).toBe(10n);
  });

  it('trails by ackDelayMs', () => {
    let progress = progressFrom([at(10n)], lsn(10n));
    progress = nextProgress(progress, { type: 'durable', shard: 0, position: at(20n), nowMs: 1000 }, 500);
    progress = nextProgress(progress, { type: 'durable', shard: 0, position: at(30n), nowMs: 1400 }, 500);
    expect(progress.acknowledged).toBe(10n);
    progress = nextProgress(progress, { type: 'elapsed', nowMs: 1500 }, 500);
    expect(progress.acknowledged).toBe(20n);
    progress = nextProgress(progress, { type: 'elapsed', nowMs: 1900 }, 500);
    expect(progress.acknowledged).toBe(30n);
    expect(progress.delayed).toEqual([]);
  });

  it('acknowledges what every shard has made durable, and no more', () => {
    let progress = progressFrom([at(10n), at(30n)], lsn(10n));
    expect(progress.enqueued).toEqual(at(10n));
    progress = nextProgress(progress, { type: 'durable', shard: 1, position: at(900n), nowMs: 0 }, 0);
    expect(progress.acknowledged).toBe(10n);
    progress = nextProgress(progress, { type: 'durable', shard: 0, position: at(500n), nowMs: 0 }, 0);
    expect(progress.acknowledged).toBe(500n);
  });

  it('acknowledges no checkpoint that it has only read: the shard has not confirmed it yet', () => {
    let progress = progressFrom([at(20n), at(30n)], lsn(10n));
    progress = nextProgress(progress, { type: 'durable', shard: 1, position: at(900n), nowMs: 0 }, 0);
    expect(progress.acknowledged).toBe(10n);
    progress = nextProgress(progress, { type: 'durable', shard: 0, position: at(25n), nowMs: 0 }, 0);
    expect(progress.acknowledged).toBe(25n);
  });

  it('keeps the list of what waits short, however often something becomes durable', () => {
    let progress = progressFrom([at(0n)], lsn(0n));
    for (let n = 1; n <= 100_000; n++) {
      progress = nextProgress(
        progress,
        { type: 'durable', shard: 0, position: at(BigInt(n)), nowMs: n / 10 },
        60_000,
      );
      expect(progress.delayed.length).toBeLessThan(205);
    }
    progress = nextProgress(progress, { type: 'elapsed', nowMs: 65_000 }, 60_000);
    // A step of 600 ms, at 10 a millisecond, is how much may come later than it could.
    expect(progress.acknowledged).toBeLessThanOrEqual(50_000n);
    expect(progress.acknowledged).toBeGreaterThan(50_000n - 12_000n);
  });

  it('keeps received >= enqueued >= durable >= acknowledged, and never goes back', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.nat({ max: 50 }),
        fc.integer({ min: 1, max: 3 }),
        (steps, ackDelayMs, shards) => {
          let progress: Progress = progressFrom(
            Array.from({ length: shards }, () => at(0n)),
            lsn(0n),
          );
          const stream = new Stream();
          for (const [kind, number] of steps) {
            const event = stream.event(kind, number % shards, progress);
            const next = nextProgress(progress, event, ackDelayMs);
            for (const { durable } of next.shards) expect(next.acknowledged).toBeLessThanOrEqual(durable.lsn);
            expect(comparePositions(next.durable, next.enqueued)).toBeLessThanOrEqual(0);
            expect(next.enqueued.lsn).toBeLessThanOrEqual(next.received);
            expect(next.acknowledged).toBeGreaterThanOrEqual(progress.acknowledged);
            progress = next;
          }
        },
      ),
    );
  });
});

const step = fc.tuple(fc.constantFrom('received', 'enqueued', 'durable', 'elapsed'), fc.nat({ max: 2 }));

/** Events in an order that a real stream could have: nothing is enqueued before it was received, and so on. */
class Stream {
  #nowMs = 0;

  event(kind: string, shard: number, progress: Progress): ProgressEvent {
    this.#nowMs += 7;
    switch (kind) {
      case 'enqueued':
        return { type: 'enqueued', shard, position: { lsn: progress.received, seq: 0 } };
      case 'durable':
        return {
          type: 'durable',
          shard,
          position: progress.shards[shard]?.enqueued as Position,
          nowMs: this.#nowMs,
        };
      case 'elapsed':
        return { type: 'elapsed', nowMs: this.#nowMs };
      default:
        return { type: 'received', lsn: toLsn(progress.received + 13n) };
    }
  }
}
