import { defineWorker } from '@walmq/worker';
import { describe, expect, it } from 'vitest';
import { appOf } from './app-of.js';

const payments = defineWorker({ queue: 'payments' });
const mails = defineWorker({ queue: 'mails' });

describe('appOf', () => {
  it.each([
    ['a worker', payments, [payments]],
    ['a list of workers', [payments, mails], [payments, mails]],
  ])('takes %s', (_what, exported, definitions) => {
    const { workers } = appOf({ default: exported }, '/srv/w.ts');
    expect(workers({} as never, {} as never)).toEqual(definitions);
  });

  it('takes an app as it is', () => {
    const app = { name: 'own', workers: () => [payments] };
    expect(appOf({ default: app }, '/srv/w.ts')).toBe(app);
  });

  it.each([
    [{}, '/srv/w.ts has no default export. It exports nothing.'],
    [{ payments, mails }, '/srv/w.ts has no default export. It exports payments, mails.'],
    [{ default: undefined }, 'the default export of /srv/w.ts is undefined.'],
    [{ default: 3 }, 'the default export of /srv/w.ts is a number.'],
    [{ default: () => payments }, 'the default export of /srv/w.ts is a function.'],
    [{ default: Promise.resolve() }, 'the default export of /srv/w.ts is a promise, which needs "await".'],
    [{ default: [] }, 'the default export of /srv/w.ts is an empty list.'],
    [
      { default: [payments, 1] },
      'the default export of /srv/w.ts is a list with something else than workers.',
    ],
    [{ default: {} }, 'the default export of /srv/w.ts is an empty object.'],
    [
      { default: { queue: 'payments', on: {} } },
      'the default export of /srv/w.ts is an object with the fields queue, on.',
    ],
  ])('says what %o is instead', (exports, message) => {
    expect(() => appOf(exports, '/srv/w.ts')).toThrow(
      expect.objectContaining({
        code: 'WORKER_INVALID',
        message,
        remedy: expect.stringContaining('export default'),
      }),
    );
  });
});
