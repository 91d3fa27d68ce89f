import {
  formatLsn,
  isSqlstate,
  LSN_ZERO,
  type Pooler,
  poolerOf,
  WalmqError,
  withoutStop,
} from '@walmq/change';
import type { StreamPlace } from './stream-place.js';

interface ServerError {
  code?: string;
  message?: string;
  /** CONTEXT line of PostgreSQL's message. */
  where?: string;
}

/**
 * Converts an error of the replication connection to a WalmqError, by SQLSTATE. `place` is how far the stream has come,
 * undefined before the server starts to stream.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function replicationFailure(cause: unknown, slot: string, place?: StreamPlace): WalmqError {
  if (cause instanceof WalmqError) return cause;
  const { code = '', message = String(cause) } = cause as ServerError;
  const facts = { slot, sqlstate: code };
  const pooler = poolerOf(cause);
  if (pooler) return deniedByPooler(pooler, message, { facts, cause });
  switch (code) {
    case '55006':
      return new WalmqError('SLOT_BUSY', `slot "${slot}" is being read by another capture.`, {
        remedy: 'Nothing to do: this one stands by and takes over when the slot is released.',
        facts,
        cause,
      });
    case '42704':
      return new WalmqError('SLOT_OR_PUBLICATION_MISSING', `PostgreSQL says: ${message}.`, {
        remedy: 'Run "npx walmq setup" (and "npx walmq doctor" to see what is there).',
        facts,
        cause,
      });
    case '55000':
      // The slot's row in pg_replication_slots shows whether it is lost or foreign: see slotVerdict.
      return new WalmqError('SLOT_UNREADABLE', `slot "${slot}" cannot be read: ${message}.`, {
        remedy: 'Run "npx walmq doctor", which shows the state of the slot and the remedy.',
        facts,
        cause,
      });
    case '42501':
      return denied(message, 'Grant the role REPLICATION: ALTER ROLE <role> REPLICATION;', { facts, cause });
    case '28000':
      return denied(
        message,
        'Add a line for the role and this address to pg_hba.conf; a managed server that takes encrypted connections only needs ?sslmode=verify-full.',
        { facts, cause },
      );
    case '28P01':
      return denied(message, 'Correct user and password in DATABASE_URL.', { facts, cause });
    default:
      if (!isServersRefusal(code)) return lost(message, { facts, cause });
      return place
        ? changeUnreadable(cause as ServerError, facts, place)
        : new WalmqError('REPLICATION_REFUSED', `PostgreSQL does not begin to stream: ${message}.`, {
            remedy: 'Repair what the message names; capture retries by itself.',
            facts,
            cause,
          });
  }
}

function denied(
  message: string,
  remedy: string,
  told: { facts: Record<string, string>; cause: unknown },
): WalmqError {
  return new WalmqError(
    'REPLICATION_DENIED',
    `PostgreSQL refuses the replication connection: ${withoutStop(message)}.`,
    { remedy, ...told },
  );
}

function deniedByPooler(
  { name }: Pooler,
  message: string,
  told: { facts: Record<string, string>; cause: unknown },
): WalmqError {
  return new WalmqError(
    'REPLICATION_DENIED',
    `a connection pooler (${name}) refuses the replication connection: ${withoutStop(message)}.`,
    {
      remedy:
        'Set DATABASE_URL of capture to PostgreSQL itself: its host and port, not those of the pooler. Workers may go through it by WORKER_DATABASE_URL (docs/guides/postgres/poolers.md).',
      ...told,
    },
  );
}

function lost(message: string, told: { facts: Record<string, string>; cause: unknown }): WalmqError {
  return new WalmqError('REPLICATION_LOST', `the replication connection was lost: ${message}.`, told);
}

/**
 * Returns true if the server rejected the request itself, so that the request fails the same way on any connection.
 * Returns false for the SQLSTATEs of a connection that is lost or rejected for now: connection exception (08), operator
 * intervention (57: shutdown, crash of another backend, a terminated or cancelled walsender), too many connections (53300).
 */
export function isServersRefusal(code: string): boolean {
  return isSqlstate(code) && !/^(08|57)/.test(code) && code !== '53300';
}

/** The server reads the WAL but cannot send one change: it is too large for a message, or invalid in its encoding. */
function changeUnreadable(
  cause: ServerError,
  facts: Record<string, unknown>,
  { transaction, committedUpTo, table }: StreamPlace,
): WalmqError {
  // The commit is known only if the server had begun to send the transaction. Otherwise only the position before it is known.
  const which = transaction
    ? `the transaction that commits at ${formatLsn(transaction.commitLsn)} (xid ${transaction.xid}, ${transaction.committedAt})`
    : committedUpTo === LSN_ZERO
      ? 'the first transaction that the slot has not confirmed'
      : `the first transaction that commits after ${formatLsn(committedUpTo)}`;
  const changeLsn = /associated LSN ([0-9A-F]+\/[0-9A-F]+)/.exec(cause.where ?? '')?.[1];
  const details = [
    ...(changeLsn ? [`the change is at ${changeLsn}`] : []),
    ...(table ? [`the last table sent before it is ${table}`] : []),
  ];
  return new WalmqError(
    'CHANGE_UNREADABLE',
    `PostgreSQL cannot send ${which}: ${cause.message}${details.length > 0 ? ` (${details.join('; ')})` : ''}.`,
    {
      remedy:
        'Nothing behind it is enqueued. Repair what the message names, and capture continues; or see what giving up ' +
        'this transaction means: "npx walmq skip --dry-run".',
      facts: {
        ...facts,
        ...(transaction ? { commitLsn: formatLsn(transaction.commitLsn), xid: transaction.xid } : {}),
        committedUpTo: formatLsn(committedUpTo),
        changeLsn,
        table,
      },
      cause,
    },
  );
}

/** PostgreSQL never sends changes that were made while the publication was missing, not even after it is created again. */
export function publicationMissing(message: string | undefined): WalmqError {
  return new WalmqError(
    'PUBLICATION_MISSING',
    `PostgreSQL says: ${message ?? 'the publication is missing'}.`,
    {
      remedy:
        'Run "npx walmq setup" and start capture. Changes made while there was no publication do not reach the stream: ' +
        'if capture then ends with PUBLICATION_WAS_MISSING, "npx walmq skip --dry-run" shows which range is given up.',
    },
  );
}

/** The publication exists now, but was missing when the next changes of the stream were made. */
export function publicationWasMissing(name: string, cause: WalmqError): WalmqError {
  return new WalmqError(
    'PUBLICATION_WAS_MISSING',
    `publication "${name}" is there, but was not when the next changes were made, and PostgreSQL reads them with the catalog of that time: ${cause.message}`,
    {
      remedy:
        'These changes cannot be sent. See which range is given up: "npx walmq skip --dry-run"; give it up with ' +
        '"npx walmq skip", start capture, and bring the rows over with "npx walmq backfill".',
      facts: cause.facts,
      cause,
    },
  );
}
