import { describe, expect, it } from 'vitest';
import { confirmationOf, outcomeOf } from './action-text.js';

describe('what a person is asked', () => {
  const extent = { queues: ['orders'], failed: 3, parked: 12, isLeast: false, folder: '/kept' };
  it('says how many, and what follows', () => {
    expect(confirmationOf('replay', extent)).toEqual({
      confirm: 'Replay',
      title: 'Replay 3 failed changes of queue orders?',
      text:
        'They run again, with all attempts anew. ' +
        'The 12 parked behind follow in order, each once the one before has completed.',
    });
    expect(confirmationOf('discard', { ...extent, failed: 1, parked: 0 })).toEqual({
      confirm: 'Discard',
      title: 'Discard 1 failed change of queue orders?',
      text: 'It is written to a file in /kept and removed: no worker will see it again. Nothing is parked behind.',
    });
    expect(confirmationOf('discard', { ...extent, isLeast: true }).text).toContain('The at least 12 parked');
  });

  it('is answered with what was done', () => {
    expect(outcomeOf([{ replayed: ['a', 'b'], gone: 1, left: 0 }])).toBe(
      '2 changes replayed. 1 had been retried or removed meanwhile.',
    );
    expect(outcomeOf([{ discarded: 1, gone: 0, left: 0, file: '/kept/x.jsonl' }])).toBe(
      '1 change discarded, kept in /kept/x.jsonl.',
    );
  });
});
