import { grantToSend, readPublishers } from '@walmq/setup';
import type { Client } from 'pg';
import { type Check, error, ok } from '../check.js';

/** Maximum number of roles that the finding names. */
const MOST_NAMED = 10;

/** Checks which roles may send logical messages: events and contexts, and also capture's own watermarks. */
export async function checkPublishers(client: Client, role: string): Promise<Check[]> {
  const publishers = await readPublishers(client);
  const { everyRole, roles, self } = publishers;
  if (!self)
    return [
      error(
        'publishers',
        `role "${role}" may not send logical messages, which capture does for backfills, and walmq rewind`,
        grantToSend(publishers, [role]),
      ),
    ];
  if (everyRole)
    return [
      ok(
        'publishers',
        'every role may send events and contexts, as PostgreSQL has it (walmq setup --publishers says who alone may)',
      ),
    ];
  const named = roles.slice(0, MOST_NAMED).map(name => `"${name}"`);
  const more = roles.length > MOST_NAMED ? [`${roles.length - MOST_NAMED} more`] : [];
  return [ok('publishers', `may send events and contexts: ${[...named, ...more, 'superusers'].join(', ')}`)];
}
