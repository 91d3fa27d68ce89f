import { connectionError, type DatabaseUrl, plainConnection } from '@walmq/postgres';
import type { Server } from '@walmq/setup';
import { Client, escapeIdentifier } from 'pg';
import { type Check, ok, warning } from '../check.js';

/** Whether an application's session is read-only, and the source of this setting. */
export interface Inherited {
  readonly readOnly: boolean;
  /** Value of pg_settings.source. */
  readonly source: string;
}

const SETTING = 'default_transaction_read_only';

/** Connects like an application, because walmq's own connections override default_transaction_read_only. */
export async function readInherited(url: DatabaseUrl, { version }: Server): Promise<Inherited> {
  const client = new Client(
    plainConnection({ url, name: 'walmq doctor', serverMajor: Math.floor(version / 10_000) }),
  );
  client.on('error', () => undefined); // the running query rejects with the same error
  try {
    await client.connect();
    const { rows } = await client.query<Inherited>(
      `SELECT setting = 'on' AS "readOnly", source FROM pg_settings WHERE name = '${SETTING}'`,
    );
    return rows[0] as Inherited;
  } catch (cause) {
    throw connectionError(cause);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function readOnlyCheck({ readOnly, source }: Inherited, { database, role }: Server): Check {
  if (!readOnly) return ok('read-only', 'the database takes writes');
  return warning(
    'read-only',
    `the database is read-only (${SETTING} is on, of source "${source}"): applications cannot write. Capture streams all the same, and walmq's own connections write`,
    `A provider sets this when the disk is full: make room, let capture catch up, then take it back: ${remedyFor(source, database, role)}`,
  );
}

function remedyFor(source: string, database: string, role: string): string {
  const [base, user] = [escapeIdentifier(database), escapeIdentifier(role)];
  switch (source) {
    case 'database':
      return `ALTER DATABASE ${base} RESET ${SETTING};`;
    case 'user':
      return `ALTER ROLE ${user} RESET ${SETTING};`;
    case 'database user':
      return `ALTER ROLE ${user} IN DATABASE ${base} RESET ${SETTING};`;
    case 'client':
      return 'it is in the URL or in PGOPTIONS.';
    default:
      return `ALTER SYSTEM RESET ${SETTING}; SELECT pg_reload_conf();`;
  }
}
