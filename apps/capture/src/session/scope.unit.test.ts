import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { withScope } from './scope.js';

const untilAborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

describe('a scope', () => {
  it('ends its tasks when its body ends, then disposes in reverse order', async () => {
    const log: string[] = [];
    await withScope(async scope => {
      scope.defer(() => void log.push('first registered'));
      scope.defer(async () => {
        await new Promise(setImmediate);
        log.push('last registered');
      });
      scope.start(async signal => {
        await untilAborted(signal);
        await new Promise(setImmediate);
        log.push('task');
      });
      log.push('body');
    });
    expect(log).toEqual(['body', 'task', 'last registered', 'first registered']);
  });

  it('ends all with the first failure, and waits for every task', async () => {
    const log: string[] = [];
    const failing = withScope(async scope => {
      scope.defer(() => void log.push('disposed'));
      scope.start(async () => {
        await new Promise(setImmediate);
        throw new Error('first');
      });
      scope.start(async signal => {
        await untilAborted(signal);
        log.push('ended');
        throw new Error('an effect of the end');
      });
      await untilAborted(scope.signal);
      throw new Error('another effect of the end');
    });
    await expect(failing).rejects.toThrow('first');
    expect(log).toEqual(['ended', 'disposed']);
  });

  it('closes what a task waits for as soon as it ends, also where it has ended before', async () => {
    const log: string[] = [];
    await withScope(async scope => {
      const closed = new Promise<void>(resolve => scope.onEnd(resolve));
      scope.start(async () => {
        await closed;
        log.push('task');
      });
      scope.defer(() => scope.onEnd(() => log.push('closed at once')));
    });
    expect(log).toEqual(['task', 'closed at once']);
  });

  it('fails as its body does', async () => {
    const log: string[] = [];
    const failing = withScope(async scope => {
      scope.start(async signal => {
        await untilAborted(signal);
        log.push('ended');
      });
      await new Promise(setImmediate);
      throw new Error('of the body');
    });
    await expect(failing).rejects.toThrow('of the body');
    expect(log).toEqual(['ended']);
  });

  it('fails with a promise that never resolves, and does not wait for one', async () => {
    const failing = withScope(async scope => {
      scope.failWith(new Promise<never>(() => undefined));
      scope.failWith(Promise.reject(new Error('lost')));
      await untilAborted(scope.signal);
    });
    await expect(failing).rejects.toThrow('lost');
  });

  it('runs every disposer, and fails with the first that fails where nothing failed before', async () => {
    const log: string[] = [];
    const failing = withScope(async scope => {
      scope.defer(() => void log.push('disposed'));
      scope.defer(() => Promise.reject(new Error('of a disposer')));
    });
    await expect(failing).rejects.toThrow('of a disposer');
    expect(log).toEqual(['disposed']);
  });
});
