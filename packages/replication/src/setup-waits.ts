import { type ClientBase, escapeLiteral } from 'pg';
import type { TableName } from './setup-tables.js';

/** A transaction that others wait for. Never with its statement, which may hold row data. */
export interface Waiting {
  /** "the transaction of process 4711 (role app, database shop, psql), open for 95 s" */
  readonly who: string;
  /** How long it has been open; null where this role may not see it. */
  readonly seconds: number | null;
  /** The statement that ends it. */
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

/** More would not be read. */
const LISTED = 3;

const HOLDER = `l.pid, s.usename AS role, s.datname AS database, s.application_name AS application,
       extract(epoch FROM clock_timestamp() - s.xact_start)::int AS seconds`;

/** The oldest transactions of the whole server that have written, prepared ones too: a new slot waits for them all. */
export async function openTransactions(client: ClientBase): Promise<Waiting[]> {
  const prepared = await client.query<PreparedRow>(
    `SELECT gid, owner, database, extract(epoch FROM clock_timestamp() - prepared)::int AS seconds
       FROM pg_prepared_xacts ORDER BY prepared LIMIT ${LISTED}`,
  );
  // pg_locks shows everyone's transaction ids to every role; pg_stat_activity hides most of another role's rows.
  const open = await client.query<HolderRow>(
    `SELECT ${HOLDER} FROM pg_locks l LEFT JOIN pg_stat_activity s ON s.pid = l.pid
      WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
        AND l.pid IS NOT NULL AND l.pid <> pg_backend_pid()
      ORDER BY age(l.transactionid) DESC LIMIT ${LISTED}`,
  );
  return [...prepared.rows.map(preparedText), ...open.rows.map(holderText)].slice(0, LISTED);
}

/** Whoever holds a lock on one of the tables, oldest first. Asks nothing when there are none. */
export async function lockHolders(client: ClientBase, tables: readonly TableName[]): Promise<Waiting[]> {
  if (tables.length === 0) return [];
  const { rows } = await client.query<HolderRow>(
    `SELECT DISTINCT ${HOLDER} FROM pg_locks l
       JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_stat_activity s ON s.pid = l.pid
      WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND l.granted AND l.pid <> pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      ORDER BY seconds DESC NULLS LAST LIMIT ${LISTED}`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return rows.map(holderText);
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
