/** A worker of the kit of any checkout, as a user writes it: one handler per change, or batches. */
import { pathToFileURL } from 'node:url';
import type { Row } from '@walmq/change';
import { BATCH, type ConsumerContext, QUEUE } from '../cases/bench-config.js';
import { tableName } from '../cases/table-shape.js';
import { makeAll, makeOne } from './effect-sql.js';
import { Handled, nowMs } from './handled.js';

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const { defineWorker, runWorkerApp } = (await import(
  pathToFileURL(context.kit).href
)) as typeof import('@walmq/worker');
const handled = new Handled();
const hasEffect = context.work === 'once';

const single = () =>
  defineWorker<Record<string, Row>>({
    queue: QUEUE,
    on: {
      [tableName(context.width)]: {
        insert: async (change, { once }) => {
          const begunMs = nowMs();
          const { id } = change.after as { id: unknown };
          if (hasEffect)
            await once(change, async tx => {
              await tx.query(makeOne(id));
            });
          handled.add(id, begunMs, `${change.id}`);
        },
      },
    },
  });

const batches = () =>
  defineWorker<Record<string, Row>>({
    queue: QUEUE,
    batch: BATCH,
    onBatch: async (changes, { once }) => {
      const begunMs = nowMs();
      const idOf = ({ after }: (typeof changes)[number]) => (after as { id: unknown }).id;
      if (hasEffect)
        await once(changes, async (tx, due) => {
          await tx.query(makeAll(due.map(idOf)));
        });
      for (const change of changes) handled.add(idOf(change), begunMs, change.id);
    },
  });

await runWorkerApp({
  name: 'bench-worker',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: () => [context.isTuned ? batches() : single()],
});
handled.ready();
