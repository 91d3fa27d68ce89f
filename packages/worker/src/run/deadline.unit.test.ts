import { expect, it } from 'vitest';
import { type Deadline, withDeadline } from './deadline.js';

/** Runs until the deadline is over, then does something. */
async function afterDeadline<T>(act: (deadline: Deadline) => T): Promise<T> {
  let overrun = () => {};
  const isOver = new Promise<void>(resolve => {
    overrun = resolve;
  });
  return await withDeadline({
    deadlineMs: 5,
    stopping: new AbortController().signal,
    onOverrun: () => overrun(),
    act: async deadline => {
      await isOver;
      return act(deadline);
    },
  });
}

it('a signal that is asked for after the deadline has aborted', async () => {
  const signal = await afterDeadline(deadline => deadline.signal);
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: 'HANDLER_DEADLINE' });
});

it('a signal that is asked for while the process stops has aborted', async () => {
  const stopping = AbortSignal.abort(new Error('stopping'));
  const act = async (deadline: Deadline) => deadline.signal.reason as Error;
  const reason = await withDeadline({ deadlineMs: 60_000, stopping, onOverrun: () => {}, act });
  expect(reason.message).toBe('stopping');
});

it('aborts the same signal that the handler was given first', async () => {
  const stopping = new AbortController();
  await withDeadline({
    deadlineMs: 60_000,
    stopping: stopping.signal,
    onOverrun: () => {},
    act: async deadline => {
      const { signal } = deadline;
      stopping.abort(new Error('stopping'));
      expect(signal.aborted).toBe(true);
      expect(deadline.signal).toBe(signal);
    },
  });
});
