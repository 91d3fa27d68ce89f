import { messageOf, WalmqError, withoutStop } from '@walmq/change';
import { type ClientBase, Pool, type PoolClient, type PoolConfig } from 'pg';
import { type Address, parseAddress } from './address.js';
import { type ConnectionOptions, DEADLINE_MS, handlerConnection, ownConnection } from './client-config.js';
import { urlText, withUrl } from './database-url.js';
import { connectionFailure, isRefusedOption } from './failure.js';
import { urlsOfHosts } from './hosts.js';
import { outliveLosses } from './outlive-losses.js';
import { TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_SINCE } from './settings.js';
import { watchSilence } from './watch-silence.js';

export interface PoolOptions extends ConnectionOptions {
  readonly max?: number;
  /** True for a pool of an application's handlers and the kit: rejects standbys, because they cannot write. Default: false. */
  readonly forHandlers?: boolean;
  /**
   * For a pool of handlers: milliseconds after which the server ends a transaction in which nothing happens. Default: never. It must
   * be as long as the longest handler may take.
   */
  readonly idleInTransactionMs?: number;
  /** Called when a connection of the pool was lost. The next query gets a new connection. */
  readonly onLost?: ((error: Error) => void) | undefined;
}

/** Seconds after which the pool replaces a connection, because the host name may resolve to another server by then. */
const LIFETIME_SECONDS = 30;

/**
 * Makes a pool that survives lost connections: the next query gets a new connection, to the server that the URL leads to then.
 * Throws DATABASE_URL_INVALID.
 */
export function createPool({ max = 20, forHandlers = false, onLost, ...options }: PoolOptions): Pool {
  const urls = urlsOfHosts(urlText(options.url));
  const needsPrimary = forHandlers || urls.length > 1;
  const configure = forHandlers ? handlerConnection : ownConnection;
  const inUse = new Set<ClientBase>();
  const pool = new Pool({
    ...configure(options),
    max,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    async onConnect(client) {
      // Nobody has taken the connection yet, and its greeting waits for an answer too.
      inUse.add(client);
      try {
        await greet(client, {
          needsPrimary,
          needsTransactions: forHandlers,
          keeps: parseAddress(urlText(options.url)).options,
        });
      } finally {
        inUse.delete(client);
      }
    },
  });
  pool.on('error', error => onLost?.(error));
  outliveLosses(pool);
  watchTaken(pool, inUse, { ...options, onLost });
  // The pool makes each client from this object, so changes of the object apply to new clients.
  const { options: kept } = pool as unknown as { options: PoolConfig };
  const addresses = urls.map(url => parseAddress(url));
  let current = 0;
  return againAfterRefusals(pool, {
    forgetSettings() {
      kept.options = (addresses[0] as Address).options;
    },
    hosts: urls.length,
    place: () => current,
    leave(place) {
      // Another connection may have left this host already.
      if (place !== current) return;
      current = (current + 1) % urls.length;
      const { host, port, password } = configure({
        ...options,
        url: withUrl(options.url, urls[current] as string),
      });
      Object.assign(kept, { host, port, password });
    },
  });
}

/** Watches only connections in use: the pool itself closes a connection that is idle for some seconds. */
function watchTaken(
  pool: Pool,
  inUse: Set<ClientBase>,
  { url, deadlineMs = DEADLINE_MS, onLost }: Pick<PoolOptions, 'url' | 'deadlineMs' | 'onLost'>,
): void {
  pool.on('acquire', client => inUse.add(client));
  pool.on('release', (_error, client) => inUse.delete(client));
  pool.on('remove', client => inUse.delete(client));
  watchSilence({ url, deadlineMs, onLost, clients: () => inUse });
}

interface Greeted {
  readonly standby: boolean;
  readonly pid: number;
  readonly major: number;
}

/**
 * Checks and sets what the first message of a connection cannot. Rejects a standby, because a standby takes no writes; at the
 * next attempt, the host name in the URL may lead to the new primary. Sets transaction_timeout only on servers that know it,
 * and not behind a pooler, where the setting would affect other clients' sessions. A pooler shows in the process id.
 */
async function greet(
  client: ClientBase,
  {
    needsPrimary,
    needsTransactions,
    keeps,
  }: {
    readonly needsPrimary: boolean;
    readonly needsTransactions: boolean;
    readonly keeps: string;
  },
): Promise<void> {
  const { rows } = await client.query<Greeted>(
    `SELECT pg_is_in_recovery() AS standby, pg_backend_pid() AS pid,
            current_setting('server_version_num')::int / 10000 AS major`,
  );
  const { standby, pid, major } = rows[0] as Greeted;
  const isDirect = (client as ClientBase & { processID: number | null }).processID === pid;
  if (isDirect && major >= TRANSACTION_TIMEOUT_SINCE && !/\btransaction_timeout\b/.test(keeps))
    for (const [name, value] of Object.entries(TRANSACTION_TIMEOUT))
      await client.query(`SET ${name} = ${value}`);
  if (needsTransactions && !isDirect) await requireTransactions(client);
  if (needsPrimary && standby)
    throw new WalmqError('DATABASE_IS_STANDBY', 'the database is a standby, or not promoted yet.', {
      remedy: 'Nothing to do if it is being promoted; else point DATABASE_URL at the primary.',
    });
}

/** Rejects a pooler that gives each statement another session: then neither `once` nor a handler has a transaction. */
async function requireTransactions(client: ClientBase): Promise<void> {
  try {
    // Two messages: a transaction that ends within one is nothing that such a pooler notices.
    await client.query('BEGIN');
    await client.query('ROLLBACK');
  } catch (cause) {
    throw new WalmqError(
      'POOLER_WITHOUT_TRANSACTIONS',
      `the connection pooler in front of the database allows no transactions: ${withoutStop(messageOf(cause))}.`,
      {
        remedy:
          'Set pool_mode of the pooler to transaction or session, or let WORKER_DATABASE_URL name PostgreSQL itself (docs/guides/postgres/poolers.md).',
        cause,
      },
    );
  }
}

interface Alternatives {
  /** Connect without walmq's settings from now on. */
  forgetSettings(): void;
  /** Number of hosts of the URL. */
  readonly hosts: number;
  /** Number of the host that new connections lead to. */
  place(): number;
  /** New connections lead to the host behind this one. */
  leave(place: number): void;
}

/**
 * Tries again where another way is left. A pooler such as PgBouncer rejects a connection with session settings: from then on, the
 * pool connects without walmq's settings, so the settings of role and database apply. If a host does not answer or is a standby,
 * the pool goes on to the next host of the URL.
 */
function againAfterRefusals(pool: Pool, alternatives: Alternatives): Pool {
  const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
  const { hosts } = alternatives;
  const again = async () => {
    for (let tried = 1; ; tried += 1) {
      const place = alternatives.place();
      const isFull = pool.totalCount >= pool.options.max;
      try {
        return await connect();
      } catch (cause) {
        if (isRefusedOption(cause)) {
          alternatives.forgetSettings();
          return await connect();
        }
        // A full pool has not tried a host.
        if (tried >= hosts || isFull || connectionFailure(cause).lasting) throw cause;
        alternatives.leave(place);
      }
    }
  };
  type Callback = (error: Error | undefined, client?: PoolClient, done?: PoolClient['release']) => void;
  pool.connect = ((callback?: Callback) => {
    const client = again();
    if (!callback) return client;
    client.then(
      got => callback(undefined, got, got.release.bind(got)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }) as Pool['connect'];
  return pool;
}

/**
 * Checks readiness. Rejects if PostgreSQL does not answer. Resolves to a reason if the server is a standby, to undefined if it
 * takes writes.
 */
export async function checkPostgres(pool: Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  return rows[0]?.standby ? 'the database is a standby' : undefined;
}
