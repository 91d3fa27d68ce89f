import type { RunOptions } from '../cases/arguments.js';
import { FACTS } from '../cases/contenders.js';
import type { Drain, ResultOf } from '../cases/measurement.js';
import type { EffectCase, Entry } from '../cases/plan.js';
import { commitBacklog, createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import type { Databases } from '../load/servers.js';
import { timeDrain } from './drain.js';
import { measureRounds } from './rounds.js';
import { withSystem } from './with-system.js';

/**
 * Measures the way from a backlog to the end of its handlers. Each run has a backlog of its own. A contender with a
 * trigger finds its jobs in PostgreSQL when its workers start. Any other contender reads the WAL meanwhile.
 */
export async function measureEffects(
  workload: EffectCase,
  databases: Databases,
  options: RunOptions,
): Promise<ResultOf<Drain>[]> {
  return await measureRounds(workload, options, {
    measure: (entry, run) => drainOnce({ entry, run, workload, databases, against: options.args.against }),
    describe: ({ changes, seconds }) => `${Math.round(changes / seconds)} changes/s`,
  });
}

async function drainOnce(options: {
  readonly entry: Entry;
  readonly run: number;
  readonly workload: EffectCase;
  readonly databases: Databases;
  readonly against: string | undefined;
}): Promise<Drain> {
  const { entry, run, databases, against } = options;
  const { database: kind, share = 1 } = FACTS[entry.contender];
  const { rowsPerTransaction } = options.workload;
  const rows = Math.ceil((options.workload.rows * share) / rowsPerTransaction) * rowsPerTransaction;
  const workload = { ...options.workload, rows };
  const { work, keys, workers } = workload;
  const database = await databases.of(kind);
  const slot = slotName(workload, run);
  await emptyTables(database);
  await createSlot(database, slot);
  await commitBacklog(database.client, workload);
  try {
    const system = { entry, database, slot, work, keys, workers, changes: rows, against };
    return await withSystem(system, async ({ startReader, ...sides }) => {
      const reader = await startReader();
      const count = () => sides.workers.handled();
      return await timeDrain({ changes: rows, sides: { ...sides, reader }, count });
    });
  } finally {
    await dropSlot(database, slot);
  }
}
