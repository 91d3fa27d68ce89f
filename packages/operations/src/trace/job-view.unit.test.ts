import { expect, it } from 'vitest';
import { whyOf } from './job-view.js';
import type { StoredJob } from './queue-reader.js';

const JOB = { id: '1', progress: null, attemptsMade: '0' } as StoredJob;

it('says that a worker was lost, and nothing of one that still holds its change', () => {
  const active = { state: 'active', delayedUntilMs: undefined } as const;
  expect(whyOf(JOB, { ...active, lock: null }, false)).toContain('the process died or hangs');
  expect(whyOf(JOB, { ...active, lock: 'token' }, false)).toBeNull();
});
