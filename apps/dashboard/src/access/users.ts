import { WalmqError } from '@walmq/change';
import { type PasswordHash, parseHash } from './password.js';

export const ROLES = ['states', 'read-only', 'operator'] as const;
/**
 * `states` sees states, counts and times, and no data of a row: no key, no value, no reason with values, no Bull Board.
 * `read-only` sees everything; `operator` also retries, replays, discards and uses Bull Board's actions.
 */
export type Role = (typeof ROLES)[number];

/** Whether somebody may see keys, rows and reasons as handlers wrote them. */
export function maySeeRows({ role }: { readonly role: Role }): boolean {
  return role !== 'states';
}

/** `states, read-only or operator` */
export function roleNames(): string {
  return `${ROLES.slice(0, -1).join(', ')} or ${ROLES.at(-1)}`;
}

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly hash: PasswordHash;
}

const NAME = /^[\w.@-]{1,64}$/;

/**
 * Users by name, from lines `name:role:scrypt$...`. Skips empty lines and lines that begin with #. `source`
 * is the name of the text in errors. Throws DASHBOARD_USERS_INVALID, which names lines by number and never by
 * content.
 */
export function parseUsers(text: string, source: string): ReadonlyMap<string, User> {
  const users = new Map<string, User>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const invalid = (reason: string) =>
      new WalmqError('DASHBOARD_USERS_INVALID', `Line ${index + 1} of ${source} ${reason}.`, {
        remedy: 'Every line is name:role:hash; make one with npx walmq dashboard user <name> <role>.',
      });
    const user = parseLine(line.trim());
    if (typeof user === 'string') throw invalid(user);
    if (users.has(user.name)) throw invalid('names a user for the second time');
    users.set(user.name, user);
  }
  return users;
}

export function isName(text: string): boolean {
  return NAME.test(text);
}

export function isRole(text: string): text is Role {
  return ROLES.some(role => role === text);
}

/** The user, or the mistake in the line. */
function parseLine(line: string): User | string {
  const [name = '', role = '', hashText = ''] = line.split(':');
  if (!isName(name)) return 'has no valid name (letters, digits and . _ @ -)';
  if (!isRole(role)) return `has no valid role (${roleNames()})`;
  const hash = parseHash(hashText);
  if (hash === undefined) return 'has no valid scrypt hash';
  return { name, role, hash };
}
