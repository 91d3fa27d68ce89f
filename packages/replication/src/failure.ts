import { WalmqError } from '@walmq/change';

interface ServerError {
  code?: string;
  message?: string;
}

/**
 * Names a fault of the replication connection by SQLSTATE.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function replicationFailure(cause: unknown, slot: string): WalmqError {
  if (cause instanceof WalmqError) return cause;
  const { code = '', message = String(cause) } = cause as ServerError;
  const facts = { slot, sqlstate: code };
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
      // Whether the slot is lost, or not ours at all, its row in pg_replication_slots tells: see slotVerdict.
      return new WalmqError('SLOT_UNREADABLE', `slot "${slot}" cannot be read: ${message}.`, {
        remedy: 'Run "npx walmq doctor", which says what the slot is and what to do.',
        facts,
        cause,
      });
    case '42501':
    case '28000':
    case '28P01':
      return new WalmqError(
        'REPLICATION_DENIED',
        `PostgreSQL refuses the replication connection: ${message}.`,
        {
          remedy: 'Check the password and grant the role REPLICATION: ALTER ROLE <role> REPLICATION;',
          facts,
          cause,
        },
      );
    default:
      return new WalmqError('REPLICATION_LOST', `the replication connection was lost: ${message}.`, {
        facts,
        cause,
      });
  }
}

/** Changes made while there is no publication are published to nobody, and to nobody later either. */
export function publicationMissing(message: string | undefined): WalmqError {
  return new WalmqError(
    'PUBLICATION_MISSING',
    `PostgreSQL says: ${message ?? 'the publication is missing'}.`,
    {
      remedy: 'Run "npx walmq setup"; changes made since it was dropped do not reach the stream.',
    },
  );
}
