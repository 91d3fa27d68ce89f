// A worker with batches for tests of crashes: run by node from the built package, as the apps are. KILL_AFTER names the
// step after which the process kills itself: the beginning of a statement, or `act` for the effect outside.
import { defineWorker, runWorkerApp } from '@walmq/worker';
import { Client } from 'pg';

const { KILL_AFTER, OUTSIDE_URL } = process.env;

function die() {
  process.kill(process.pid, 'SIGKILL');
}

if (KILL_AFTER !== undefined) {
  const { query } = Client.prototype;
  Client.prototype.query = function (statement, ...rest) {
    const text = typeof statement === 'string' ? statement : statement.text;
    if (!text?.startsWith(KILL_AFTER)) return query.call(this, statement, ...rest);
    const callback = rest.at(-1);
    if (typeof callback === 'function') return query.call(this, statement, ...rest.slice(0, -1), die);
    return query.call(this, statement, ...rest).then(die);
  };
}

async function tell(keys) {
  await fetch(OUTSIDE_URL, { method: 'POST', body: JSON.stringify(keys) });
  if (KILL_AFTER === 'act') die();
}

await runWorkerApp({
  name: 'batch-program',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: () => [
    defineWorker({
      queue: 'steps',
      batch: { size: 8, waitMs: 200 },
      onBatch: async (changes, { once, effect }) => {
        const results = await once(changes, async (tx, due) => {
          await tx.query(
            'INSERT INTO made (row, step, pid) SELECT r, s, $3 FROM unnest($1::integer[], $2::integer[]) AS t (r, s)',
            [due.map(({ after }) => after.row), due.map(({ after }) => after.step), process.pid],
          );
          return due.map(() => ({ by: process.pid }));
        });
        await effect(changes, 'told', async (due, { of }) => {
          await tell(due.map(change => of(change).idempotencyKey));
        });
        return results;
      },
    }),
  ],
});
