import type { TableName } from '@walmq/change';
import { type ClientBase, escapeLiteral } from 'pg';

/** A transaction that others wait for, without its statement, which may hold row data. */
export interface Waiting {
  /** "the transaction of process 4711 (role app, database shop, psql), open for 95 s" */
  readonly who: string;
  /** Seconds since the transaction began; null if the current role may not see its age. */
  readonly seconds: number | null;
  /** The statement that ends the transaction. */
  readonly end: string;
}

interface HolderRow {
  pid: number;
  role: string | null;
  database: string | null;
  application: string | null;
  seconds: number | null;
}

interface PreparedRow {
  gid: string;
  owner: string;
  database: string;
  seconds: number;
}

/** Maximum number of transactions in one message. Nobody reads a longer list. */
const LISTED = 3;

const HOLDER = `l.pid, s.usename AS role, s.datname AS database, s.application_name AS application,
       extract(epoch FROM clock_timestamp() - s.xact_start)::int AS seconds`;

const PREPARED = `x.gid, x.owner, x.database, extract(epoch FROM clock_timestamp() - x.prepared)::int AS seconds`;

/** The server's oldest transactions that have written, including prepared transactions. A new slot waits for all of them. */
export async function openTransactions(client: ClientBase): Promise<Waiting[]> {
  const prepared = await client.query<PreparedRow>(
    `SELECT ${PREPARED} FROM pg_prepared_xacts x ORDER BY x.prepared LIMIT ${LISTED}`,
  );
  // pg_locks shows everyone's transaction ids to every role; pg_stat_activity hides most of another role's rows.
  const open = await client.query<HolderRow>(
    `SELECT ${HOLDER} FROM pg_locks l LEFT JOIN pg_stat_activity s ON s.pid = l.pid
      WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
        AND l.pid IS NOT NULL AND l.pid <> pg_backend_pid()
      ORDER BY age(l.transactionid) DESC LIMIT ${LISTED}`,
  );
  return oldest(prepared.rows, open.rows);
}

/** The transactions that hold a lock on one of the tables, oldest first. Runs no query without tables. */
export async function lockHolders(client: ClientBase, tables: readonly TableName[]): Promise<Waiting[]> {
  if (tables.length === 0) return [];
  const names = [tables.map(({ schema }) => schema), tables.map(({ table }) => table)];
  const locked = `pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
      AND (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  // Not the join by '-1/' || transaction that the manual describes: that form is correct only after a server restart.
  const prepared = await client.query<PreparedRow>(
    `SELECT DISTINCT ${PREPARED} FROM ${locked}
       JOIN pg_locks own ON own.virtualtransaction = l.virtualtransaction AND own.locktype = 'transactionid'
       JOIN pg_prepared_xacts x ON x.transaction = own.transactionid
      WHERE l.pid IS NULL AND own.pid IS NULL LIMIT ${LISTED}`,
    names,
  );
  const open = await client.query<HolderRow>(
    `SELECT DISTINCT ${HOLDER} FROM ${locked} LEFT JOIN pg_stat_activity s ON s.pid = l.pid
      WHERE l.pid <> pg_backend_pid() ORDER BY seconds DESC NULLS LAST LIMIT ${LISTED}`,
    names,
  );
  return oldest(prepared.rows, open.rows);
}

function oldest(prepared: readonly PreparedRow[], open: readonly HolderRow[]): Waiting[] {
  return [...prepared.map(preparedText), ...open.map(holderText)]
    .sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0))
    .slice(0, LISTED);
}

function holderText({ pid, role, database, application, seconds }: HolderRow): Waiting {
  const known = [role && `role ${role}`, database && `database ${database}`, application].filter(Boolean);
  const facts = known.length > 0 ? ` (${known.join(', ')})` : '';
  const age = seconds === null ? '' : `, open for ${seconds} s`;
  return {
    who: `the transaction of process ${pid}${facts}${age}`,
    seconds,
    end: `SELECT pg_terminate_backend(${pid});`,
  };
}

function preparedText({ gid, owner, database, seconds }: PreparedRow): Waiting {
  return {
    who: `the prepared transaction ${gid} (role ${owner}, database ${database}), prepared ${seconds} s ago`,
    seconds,
    end: `ROLLBACK PREPARED ${escapeLiteral(gid)};`,
  };
}
