import { grantToSend, readPublishers } from '@walmq/setup';
import type { Client } from 'pg';
import { type Check, error, ok } from '../check.js';

/** More are not named one by one. */
const MOST_NAMED = 10;

/** Who may send events, contexts and what else capture reads as a message; capture sends watermarks itself. */
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
