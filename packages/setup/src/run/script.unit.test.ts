import { expect, it } from 'vitest';
import { setupScript } from './script.js';

it('keeps in its comments what a name says, whatever it says', () => {
  const what = 'set REPLICA IDENTITY FULL on public.a\r\nDROP TABLE b; -- (it is DEFAULT)';
  const script = setupScript(
    [
      { status: 'run', what, sql: 'SELECT 1;', grant: '', waitsFor: [] },
      { status: 'warning', what: `no key: ${what}`, remedy: undefined },
    ],
    1000,
  );
  const statements = script.split('\n').filter(line => line !== '' && !line.startsWith('--'));
  expect(statements).toEqual(["SET lock_timeout = '1000ms';", 'SELECT 1;']);
});
