import { Client } from 'pg';
import type { RunOptions } from '../cases/arguments.js';
import type { Recovery, ResultOf } from '../cases/measurement.js';
import type { Entry, RecoveryCase, Victim } from '../cases/plan.js';
import { SteadyWriter } from '../load/commit-at-rate.js';
import { createSlot } from '../load/database.js';
import type { Program } from '../load/program.js';
import { type Database, withDatabase } from '../load/servers.js';
import { until } from '../load/until.js';
import { measureRounds } from './rounds.js';
import { median } from './statistics.js';
import { type System, withSystem } from './with-system.js';

const FLOW_MS = 120_000;
/** Seconds of undisturbed flow before each kill. */
const UNDISTURBED_SECONDS = 1;

/**
 * Kills a process under load, starts it again at once, as a supervisor would, and measures the time until the effect of a
 * change that was committed after the kill is committed.
 */
export async function measureRecovery(
  workload: RecoveryCase,
  options: RunOptions,
): Promise<ResultOf<Recovery>[]> {
  return await measureRounds(workload, options, {
    measure: (entry, run) => measureOnce({ workload, entry, run, against: options.args.against }),
    describe: ({ flowMs }) => `flows again after ${Math.round(median(flowMs))} ms`,
  });
}

async function measureOnce(options: {
  readonly workload: RecoveryCase;
  readonly entry: Entry;
  readonly run: number;
  readonly against: string | undefined;
}): Promise<Recovery> {
  const { workload, entry, run, against } = options;
  const slot = `recovery_${run}`;
  return await withDatabase(async database => {
    await createSlot(database, slot);
    const system = {
      entry,
      database,
      slot,
      against,
      work: 'once',
      keys: 'row',
      workers: 1,
      changes: 0,
    } as const;
    return await withSystem(system, started => killAgainAndAgain(workload, started));
  });
}

async function killAgainAndAgain(
  { victim, changesPerSecond, kills }: RecoveryCase,
  system: System,
): Promise<Recovery> {
  const { database } = system;
  const stopping = new AbortController();
  const writer = new SteadyWriter(database.url);
  const writing = writer.writeUntil(stopping.signal, changesPerSecond);
  try {
    let reader = await system.startReader();
    const flowMs: number[] = [];
    await effectAfter(database, changesPerSecond);
    for (let kill = 0; kill < kills; kill++) {
      await effectAfter(database, writer.nextId + changesPerSecond * UNDISTURBED_SECONDS);
      const killedMs = Date.now();
      const next = writer.nextId;
      reader = await killAndStart(victim, { ...system, reader });
      flowMs.push((await effectAfter(database, next)) - killedMs);
    }
    return { flowMs };
  } finally {
    stopping.abort();
    await writing;
    await writer.end();
  }
}

/** Resolves to the reader that runs then. */
async function killAndStart(
  victim: Victim,
  { database, redis, workers, reader, startReader }: System,
): Promise<Program | undefined> {
  switch (victim) {
    case 'capture':
      await reader?.kill();
      return await startReader();
    case 'worker':
      await workers.replaceOne();
      return reader;
    case 'redis':
      await redis?.kill('SIGKILL');
      await redis?.restart();
      return reader;
    case 'postgres':
      await database.server.kill('SIGKILL');
      await database.server.restart();
      return reader;
  }
}

/** Milliseconds since 1970 at which the first effect of a row from this id on was committed. Waits for it. */
async function effectAfter({ url }: Database, id: number): Promise<number> {
  return await until({ what: `an effect from row ${id} on`, everyMs: 20, withinMs: FLOW_MS }, async () => {
    const client = new Client(url);
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ ms: number | null }>(
        'SELECT min(extract(epoch FROM pg_xact_commit_timestamp(xmin)))::float8 * 1000 AS ms FROM made WHERE id >= $1',
        [id],
      );
      return rows[0]?.ms ?? undefined;
    } catch {
      // PostgreSQL was killed and is not back yet.
      return undefined;
    } finally {
      await client.end().catch(() => {});
    }
  });
}
