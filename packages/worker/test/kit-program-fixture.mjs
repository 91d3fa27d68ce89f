// A worker for tests of crashes and stops: run by node from the built package, as the apps are. KILL_AFTER names the
// step after which the process kills itself: the beginning of a statement, or `act` for the effect outside. KILL_AT_MOVE
// names a call that moves jobs, and whether the process dies before it is sent or after its reply: `before 2`, `after 1`.
import { setTimeout } from 'node:timers/promises';
import { defineWorker, runWorkerApp } from '@walmq/worker';
import { Redis } from 'ioredis';
import { Client } from 'pg';

const { KILL_AFTER, KILL_AT_MOVE, OUTSIDE_URL } = process.env;

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

if (KILL_AT_MOVE !== undefined) {
  const [instant, number] = KILL_AT_MOVE.split(' ');
  const { call } = Redis.prototype;
  let moves = 0;
  Redis.prototype.call = function (...command) {
    const isMove = command[3]?.endsWith(':steps:wait');
    if (isMove) moves += 1;
    const isLast = isMove && moves >= Number(number);
    if (isLast && instant === 'before') die();
    const reply = call.apply(this, command);
    return isLast ? reply.then(die) : reply;
  };
}

async function tell({ idempotencyKey, messageId }) {
  const headers = { 'idempotency-key': idempotencyKey, 'message-id': messageId };
  await fetch(OUTSIDE_URL, { method: 'POST', headers });
  if (KILL_AFTER === 'act') die();
}

await runWorkerApp({
  name: 'kit-program',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: (_service, { pool }) => [
    defineWorker({
      queue: 'steps',
      context: {
        isHeld: async row => (await pool.query('SELECT FROM held WHERE row = $1', [row])).rowCount > 0,
      },
      on: {
        steps: {
          insert: async (change, { once, effect, signal, attempt, isHeld }) => {
            const { row, step } = change.after;
            await pool.query('INSERT INTO begun (pid, row, step, attempt) VALUES ($1, $2, $3, $4)', [
              process.pid,
              row,
              step,
              attempt,
            ]);
            while (await isHeld(row)) await setTimeout(20, undefined, { signal });
            await once(change, async tx => {
              await tx.query('INSERT INTO made (row, step, pid) VALUES ($1, $2, $3)', [
                row,
                step,
                process.pid,
              ]);
              return { by: process.pid };
            });
            if (OUTSIDE_URL !== undefined) await effect(change, 'told', tell);
            return { by: process.pid, attempt };
          },
        },
      },
    }),
  ],
});
