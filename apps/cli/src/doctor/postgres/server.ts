import type { Server } from '@walmq/setup';
import { type Check, error, ok, warning } from '../check.js';

const OLDEST_MAJOR = 14;
const NEWEST_MAJOR = 18;

/** Checks that the server's version is supported and that the server is a primary. */
export function serverChecks({ version, database, role, inRecovery, provider }: Server): Check[] {
  const major = Math.floor(version / 10_000);
  const found = `PostgreSQL ${major}.${version % 10_000}${provider.name ? ` of ${provider.name}` : ''}, database "${database}" as role "${role}"`;
  return [versionCheck(major, found), standbyCheck(inRecovery)];
}

function versionCheck(major: number, found: string): Check {
  if (major < OLDEST_MAJOR)
    return error('postgres', `${found}: too old`, `Upgrade to PostgreSQL ${OLDEST_MAJOR} or newer.`);
  if (major > NEWEST_MAJOR)
    return warning(
      'postgres',
      `${found}: newer than any that was tested (${OLDEST_MAJOR} to ${NEWEST_MAJOR})`,
      'Look for a newer walmq.',
    );
  return ok('postgres', found);
}

function standbyCheck(inRecovery: boolean): Check {
  if (!inRecovery) return ok('standby', 'the server is a primary');
  return error(
    'standby',
    'the server is a standby, which takes no changes; its other checks were skipped',
    'Set DATABASE_URL to the primary.',
  );
}
