import { expect, it } from 'vitest';
import { rowViewOf, viewsToRead, withoutCovered } from './differences.js';
import { HIDDEN } from './hide.js';

const row = (status: string, email: string) => ({ id: 1, status, email });
const update = (of: string, email: string) =>
  rowViewOf(of, { before: row('new', email), after: row('paid', email) });

it('leaves out what a log tells no better than a queue', () => {
  const whole = update('orders', 'ann@example.com');
  const masked = update('mailing', '[redacted]');
  const names = (views: readonly { readonly of: readonly string[] }[]) => views.map(({ of }) => of.join());
  expect(names(withoutCovered([whole, masked], [update('audit', HIDDEN)]))).toEqual(['orders', 'mailing']);
  expect(names(withoutCovered([], [update('audit', HIDDEN), update('change-log', HIDDEN)]))).toEqual([
    'audit,change-log',
  ]);
  const narrow = rowViewOf('states', { before: { status: 'new' }, after: { status: 'paid' } });
  expect(names(withoutCovered([narrow], [update('audit', HIDDEN)]))).toEqual(['states', 'audit']);
});

it('reads the same differences once, and nothing where nothing differs', () => {
  const views = [update('orders', 'ann@example.com'), update('mailing', '[redacted]')];
  const same = rowViewOf('states', { before: { id: 1 }, after: { id: 1 } });
  expect(viewsToRead([...views, same])).toMatchObject([
    { of: ['orders', 'mailing'], differences: [{ column: 'status', before: 'new', after: 'paid' }] },
  ]);
});
