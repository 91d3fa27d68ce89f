import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Round } from '../plan/round.js';
import { transactionOf } from './transaction.js';

const RECONNECT_MS = 20;
/** Transactions after which a writer slows down, so that a round with a slow recovery stays small. */
const MANY = 120;
const MANY_PACE_MS = 200;
/** A writer that waits longer for a lock gives its transaction up. */
const LOCK_TIMEOUT = '2s';

export interface Load {
  /** Transactions that were committed, as far as the writers know. */
  readonly committed: number;
  /** Lets the writers finish. Resolves when they are disconnected. */
  stop(): Promise<void>;
}

/**
 * Starts the writers of a round. What they have committed is in the log of the triggers, also if a connection was lost with its
 * reply: so nothing here has to know it.
 */
export function startLoad(round: Round, databaseUrl: () => string): Load {
  let stopping = false;
  let committed = 0;
  const writers = Promise.all(Array.from({ length: round.load.writers }, (_, writer) => write(writer)));
  // The owner awaits it in stop; until then an error must not end the process.
  writers.catch(() => undefined);

  async function write(writer: number): Promise<void> {
    let client: Client | undefined;
    for (let n = 0; !stopping; n++) {
      try {
        client ??= await connect(databaseUrl());
        await client.query(transactionOf(round.seed, round.load, writer, n));
        committed += 1;
      } catch (error) {
        // A conflict with another writer leaves a transaction open; a lost connection cannot be used again.
        if (!isConflict(error) || !(await rolledBack(client))) {
          client?.end().catch(() => undefined);
          client = undefined;
          await delay(RECONNECT_MS);
        }
      }
      await delay(n < MANY ? round.load.paceMs : MANY_PACE_MS);
    }
    await client?.end().catch(() => undefined);
  }

  return {
    get committed() {
      return committed;
    },
    async stop() {
      stopping = true;
      await writers;
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
    options: `-c lock_timeout=${LOCK_TIMEOUT} -c deadlock_timeout=50ms`,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Codes of PostgreSQL: deadlock, lock not available, a row or a name that exists or does not. */
function isConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && /^(40|55|23|42)/.test(code);
}

async function rolledBack(client: Client | undefined): Promise<boolean> {
  return (
    (await client?.query('ROLLBACK').then(
      () => true,
      () => false,
    )) ?? false
  );
}
