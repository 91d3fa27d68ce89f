import { describe, expect, it } from 'vitest';
import type { Severity, Verdict } from '../status/pipeline-status.js';
import { type AlertMessage, type AlertState, NO_ALERTS } from './alert-state.js';
import { type AlertRules, decideAlerts } from './decide-alerts.js';
import { MAX_ATTEMPTS, settleDelivery } from './settle-delivery.js';

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

const RULES: AlertRules = {
  severity: 'warning',
  mute: ['STANDBY_MISSING'],
  holdMs: MINUTE_MS,
  holdMsOf: { CAPTURE_DOWN: 0 },
  overAfterMs: MINUTE_MS,
  remindMs: 60 * MINUTE_MS,
  targets: [{ name: 'ops', severity: 'warning', mute: [] }],
};

function verdict(code: Verdict['code'], severity: Severity = 'error', queue?: string): Verdict {
  return { code, severity, sentence: `${code} it is.`, remedy: 'Mend it.', ...(queue ? { queue } : {}) };
}

/** Looks at given minutes. Sends at once: the outbox is emptied. */
class Pipeline {
  state: AlertState = NO_ALERTS;
  readonly #rules: AlertRules;

  constructor(rules: Partial<AlertRules> = {}) {
    this.#rules = { ...RULES, ...rules };
  }

  look(minute: number, ...verdicts: Verdict[]): string[] {
    return this.messages(minute, verdicts).map(({ kind, code }) => `${kind} ${code}`);
  }

  messages(minute: number, verdicts: readonly Verdict[]): AlertMessage[] {
    const nowMs = START_MS + minute * MINUTE_MS;
    this.state = decideAlerts({ verdicts, state: this.state, nowMs, rules: this.#rules });
    const { outbox } = this.state;
    for (const delivery of outbox) this.state = settleDelivery(this.state, delivery, { error: null, nowMs });
    return outbox.map(({ message }) => message);
  }
}

const DOWN = verdict('CAPTURE_DOWN');
const FAILED = verdict('CHANGES_FAILED', 'warning', 'orders');

describe('decideAlerts', () => {
  it('tells a problem that lasts once, and when it is over', () => {
    const pipeline = new Pipeline();
    expect(pipeline.look(0, FAILED)).toEqual([]);
    expect(pipeline.look(1, FAILED)).toEqual(['problem CHANGES_FAILED']);
    expect(pipeline.look(2, FAILED)).toEqual([]);
    expect(pipeline.look(2.5)).toEqual([]);
    expect(pipeline.look(3)).toEqual(['over CHANGES_FAILED']);
    expect(pipeline.look(9)).toEqual([]);
    expect(pipeline.state.problems).toEqual({});
  });

  it('tells nothing of what has not lasted', () => {
    const pipeline = new Pipeline();
    expect([pipeline.look(0, FAILED), pipeline.look(0.5), pipeline.look(1, FAILED)].flat()).toEqual([]);
  });

  it('takes what comes and goes for one problem', () => {
    const pipeline = new Pipeline();
    pipeline.look(0, FAILED);
    expect(pipeline.look(1, FAILED)).toEqual(['problem CHANGES_FAILED']);
    for (let minute = 1.5; minute < 20; minute += 1) {
      expect(pipeline.look(minute)).toEqual([]);
      expect(pipeline.look(minute + 0.5, FAILED)).toEqual([]);
    }
  });

  it('waits for each code as long as the rules say', () => {
    expect(new Pipeline().look(0, DOWN)).toEqual(['problem CAPTURE_DOWN']);
  });

  it('reminds of what lasts, and not more often', () => {
    const pipeline = new Pipeline();
    const told = Array.from({ length: 200 }, (_, minute) => pipeline.look(minute, DOWN));
    expect(told.flatMap((lines, minute) => lines.map(line => `${minute} ${line}`))).toEqual([
      '0 problem CAPTURE_DOWN',
      '60 reminder CAPTURE_DOWN',
      '120 reminder CAPTURE_DOWN',
      '180 reminder CAPTURE_DOWN',
    ]);
    const silent = new Pipeline({ remindMs: 0 });
    silent.look(0, DOWN);
    expect(silent.look(5000, DOWN)).toEqual([]);
  });

  it('tells what has become worse', () => {
    const pipeline = new Pipeline({ holdMs: 0 });
    pipeline.look(0, verdict('REDIS_MEMORY_NEAR_LIMIT', 'warning'));
    expect(pipeline.look(1, verdict('REDIS_MEMORY_NEAR_LIMIT', 'error'))).toEqual([
      'problem REDIS_MEMORY_NEAR_LIMIT',
    ]);
    expect(pipeline.look(2, verdict('REDIS_MEMORY_NEAR_LIMIT', 'warning'))).toEqual([]);
  });

  it('is silent about what is muted or of less weight', () => {
    const pipeline = new Pipeline({ holdMs: 0, mute: ['CHANGES_FAILED'] });
    expect(pipeline.look(0, FAILED, verdict('BACKFILL_PAUSED', 'info'))).toEqual([]);
  });

  it('tells each target what it wants to hear', () => {
    const pipeline = new Pipeline({
      holdMs: 0,
      targets: [
        { name: 'all', severity: 'warning', mute: [] },
        { name: 'night', severity: 'error', mute: [] },
        { name: 'no-capture', severity: 'warning', mute: ['CAPTURE_DOWN'] },
      ],
    });
    pipeline.state = decideAlerts({
      verdicts: [DOWN, FAILED],
      state: NO_ALERTS,
      nowMs: START_MS,
      rules: {
        ...RULES,
        holdMs: 0,
        targets: [
          { name: 'all', severity: 'warning', mute: [] },
          { name: 'night', severity: 'error', mute: [] },
          { name: 'no-capture', severity: 'warning', mute: ['CAPTURE_DOWN'] },
        ],
      },
    });
    expect(pipeline.state.outbox.map(({ target, message }) => `${target} ${message.code}`)).toEqual([
      'all CAPTURE_DOWN',
      'all CHANGES_FAILED',
      'night CAPTURE_DOWN',
      'no-capture CHANGES_FAILED',
    ]);
  });

  it('calls nothing over that it cannot see', () => {
    const pipeline = new Pipeline({ holdMs: 0 });
    pipeline.look(0, FAILED);
    expect(pipeline.look(1, verdict('REDIS_UNREACHABLE'))).toEqual(['problem REDIS_UNREACHABLE']);
    expect(pipeline.look(30, verdict('REDIS_UNREACHABLE'))).toEqual([]);
    expect(pipeline.look(31, FAILED)).toEqual(['over REDIS_UNREACHABLE']);
    expect(pipeline.look(32)).toEqual(['over CHANGES_FAILED']);
  });

  it('makes one problem of several tables with the same code', () => {
    const pipeline = new Pipeline({ holdMs: 0 });
    const of = (table: string): Verdict => ({ ...verdict('TABLE_UNPUBLISHED'), sentence: `${table}.` });
    const [message] = pipeline.messages(0, [of('a'), of('b')]);
    expect(message?.sentences).toEqual(['a.', 'b.']);
    expect(pipeline.look(1, of('b'))).toEqual([]);
  });

  it('keeps a bounded number of messages for a target that takes none', () => {
    let state = NO_ALERTS;
    for (let minute = 0; minute < 400; minute += 2)
      for (const verdicts of [[DOWN], []])
        state = decideAlerts({
          verdicts,
          state,
          nowMs: START_MS + (minute + (verdicts.length === 0 ? 1.5 : 0)) * MINUTE_MS,
          rules: { ...RULES, overAfterMs: 0 },
        });
    expect(state.outbox).toHaveLength(50);
    expect(state.targets.ops?.lost).toBe(350);
  });

  it('keeps its promises in any history', () => {
    let seed = 11;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const codes = ['CAPTURE_DOWN', 'CHANGES_FAILED', 'REDIS_UNREACHABLE', 'SLOT_LOST'] as const;
    for (let round = 0; round < 100; round += 1) {
      const pipeline = new Pipeline();
      const open = new Map<string, number>();
      const ids = new Set<string>();
      let minute = 0;
      for (let look = 0; look < 120; look += 1) {
        minute += random(4) / 4;
        const seen = codes.filter(() => random(3) === 0);
        for (const { id, kind, code, sinceMs, atMs } of pipeline.messages(
          minute,
          seen.map(code => verdict(code)),
        )) {
          // No message twice.
          expect(ids.has(id)).toBe(false);
          ids.add(id);
          if (kind === 'over') {
            // Over only once it was told, and only what is not there.
            expect(open.delete(code)).toBe(true);
            expect(seen).not.toContain(code);
            continue;
          }
          expect(seen).toContain(code);
          expect(kind === 'problem').toBe(!open.has(code));
          expect(atMs - sinceMs).toBeGreaterThanOrEqual(code === 'CAPTURE_DOWN' ? 0 : MINUTE_MS);
          if (kind === 'reminder')
            expect(atMs - (open.get(code) as number)).toBeGreaterThanOrEqual(60 * MINUTE_MS);
          open.set(code, atMs);
        }
      }
    }
  });

  it('goes on where another process has stopped, from the state as JSON', () => {
    const one = new Pipeline();
    one.look(0, FAILED);
    one.look(1, FAILED);
    const other = new Pipeline();
    other.state = JSON.parse(JSON.stringify(one.state)) as AlertState;
    expect(other.look(2, FAILED)).toEqual([]);
    expect(other.look(2.5)).toEqual([]);
    expect(other.look(3.5)).toEqual(['over CHANGES_FAILED']);
  });
});

describe('settleDelivery', () => {
  const pending = decideAlerts({ verdicts: [DOWN], state: NO_ALERTS, nowMs: START_MS, rules: RULES });
  const [delivery] = pending.outbox;

  it('tries again later and later, and gives up in the end', () => {
    if (!delivery) return expect.unreachable('no delivery');
    let state = pending;
    const delays: number[] = [];
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) {
      state = settleDelivery(state, delivery, { error: 'refused', nowMs: START_MS });
      delays.push(((state.outbox[0]?.dueMs ?? 0) - START_MS) / 1000);
    }
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    expect(state.targets.ops).toEqual({ failingSinceMs: START_MS, error: 'refused', lost: 0 });
    state = settleDelivery(state, delivery, { error: 'refused', nowMs: START_MS + 9 });
    expect(state.outbox).toEqual([]);
    expect(state.targets.ops).toEqual({ failingSinceMs: START_MS, error: 'refused', lost: 1 });
  });

  it('forgets a failure once the target takes a message', () => {
    if (!delivery) return expect.unreachable('no delivery');
    const failed = settleDelivery(pending, delivery, { error: 'refused', nowMs: START_MS });
    const sent = settleDelivery(failed, delivery, { error: null, nowMs: START_MS });
    expect(sent.outbox).toEqual([]);
    expect(sent.targets.ops).toEqual({ failingSinceMs: null, error: null, lost: 0 });
  });
});
