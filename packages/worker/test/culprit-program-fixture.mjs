// A worker one of whose changes ends its process: run by node from the built package, with little memory.
import { setTimeout } from 'node:timers/promises';
import { defineWorker, runWorkerApp } from '@walmq/worker';

const { CULPRIT, CROWD } = process.env;

await runWorkerApp({
  name: 'culprit-program',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: (_service, { pool }) => {
    const begun = async () => {
      const { rows } = await pool.query('SELECT count(DISTINCT row)::integer AS begun FROM begun');
      return rows[0].begun;
    };
    return [
      defineWorker({
        queue: 'steps',
        on: {
          steps: {
            insert: async ({ after: { row } }) => {
              await pool.query('INSERT INTO begun (pid, row) VALUES ($1, $2)', [process.pid, row]);
              while ((await begun()) < Number(CROWD)) await setTimeout(20);
              if (row === Number(CULPRIT)) {
                const eaten = [];
                while (row !== undefined) eaten.push(Array.from({ length: 10_000 }, () => ({ row })));
              }
              // The others are at work for long enough to be there when it ends.
              await setTimeout(300);
              return { row };
            },
          },
        },
      }),
    ];
  },
});
