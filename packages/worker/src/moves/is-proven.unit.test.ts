import { expect, it } from 'vitest';
import { isProven } from './move-call.js';

/** If it fails: compare plain.lua with the new scripts, run the contract test, then pin them by their SHA-1. */
it('plain jobs were compared with the scripts of the installed bullmq', () => {
  expect(isProven()).toBe(true);
});
