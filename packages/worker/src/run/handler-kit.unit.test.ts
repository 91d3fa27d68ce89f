import { logInto } from '@walmq/runtime';
import { expect, it, vi } from 'vitest';
import { HandlerKit } from './handler-kit.js';
import { Tried } from './tried.js';

const calls = {
  json: async () => '{}',
  visible: async () => {},
  once: async () => undefined as never,
  effect: async () => undefined as never,
};

function kit() {
  const log = logInto(() => {});
  const makesLog = vi.spyOn(log, 'child');
  const change = { id: '1-1', op: 'insert', schema: 'public', table: 'orders' };
  const job = { id: 'by-hand', name: 'insert', attemptsMade: 1, opts: {} };
  const tried = new Tried({ change, job, queue: 'orders', log, json: calls.json } as never);
  const makesSignal = vi.fn(() => new AbortController().signal);
  const deadline = {
    get signal() {
      return makesSignal();
    },
  };
  return { kit: new HandlerKit(tried, deadline, calls), makesLog, makesSignal };
}

it('makes logger and signal when a handler asks for them', () => {
  const { kit: context, makesLog, makesSignal } = kit();
  expect(context).toMatchObject({ name: 'insert', attempt: 2 });
  expect(makesLog).not.toHaveBeenCalled();
  expect(makesSignal).not.toHaveBeenCalled();
  expect(context.log).toBe(context.log);
  expect(makesLog).toHaveBeenCalledOnce();
  expect(makesLog).toHaveBeenCalledWith(expect.objectContaining({ table: 'orders', attempt: 2 }));
});

it('a copy has both', () => {
  const copy = { ...kit().kit };
  expect(copy.log.bindings()).toMatchObject({ queue: 'orders', changeId: '1-1' });
  expect(copy.signal.aborted).toBe(false);
});
