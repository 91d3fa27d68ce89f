// A worker for tests of stalls: run by node from the built package, as the apps are.
import { setTimeout } from 'node:timers/promises';
import { defineWorker, runWorkerApp } from '@walmq/worker';
import { Pool } from 'pg';

await runWorkerApp({
  name: 'stalled-program',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: service => {
    const pool = new Pool({ connectionString: service.environment.databaseUrl });
    service.onStop('pool', () => pool.end());

    /** A held row's handler waits, in every process but those that are let through. */
    async function mayPass(row) {
      const { rows } = await pool.query(
        'SELECT FROM held WHERE row = $1 AND NOT EXISTS (SELECT FROM let_through WHERE pid = $2)',
        [row, process.pid],
      );
      return rows.length === 0;
    }

    return [
      defineWorker({
        queue: 'steps',
        on: {
          steps: {
            insert: async (change, { once }) => {
              const { row, step } = change.after;
              await pool.query('INSERT INTO begun (pid, row, step) VALUES ($1, $2, $3)', [
                process.pid,
                row,
                step,
              ]);
              while (!(await mayPass(row))) await setTimeout(20);
              return await once(change, async tx => {
                await tx.query('INSERT INTO made (row, step) VALUES ($1, $2)', [row, step]);
                return { by: process.pid };
              });
            },
          },
        },
      }),
    ];
  },
});
