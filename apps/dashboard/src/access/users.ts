import { WalmqError } from '@walmq/change';
import { type PasswordHash, parseHash } from './password.js';

export const ROLES = ['read-only', 'operator'] as const;
/** `read-only` sees everything; `operator` also retries, replays, discards and whatever Bull Board can do. */
export type Role = (typeof ROLES)[number];

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly hash: PasswordHash;
}

const NAME = /^[\w.@-]{1,64}$/;

/**
 * Users by name, of lines `name:role:scrypt$...`; empty lines and those that begin with # are skipped. `source` is
 * what errors call the text. Throws DASHBOARD_USERS_INVALID, naming lines by number and never by their content.
 */
export function parseUsers(text: string, source: string): ReadonlyMap<string, User> {
  const users = new Map<string, User>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const invalid = (reason: string) =>
      new WalmqError('DASHBOARD_USERS_INVALID', `Line ${index + 1} of ${source} ${reason}.`, {
        remedy:
          'Every line is name:role:hash; make one with npm run --silent user -w @walmq/dashboard -- <name> <role>.',
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

/** The user, or what is wrong with the line. */
function parseLine(line: string): User | string {
  const [name = '', role = '', hashText = ''] = line.split(':');
  if (!isName(name)) return 'has no valid name (letters, digits and . _ @ -)';
  if (!isRole(role)) return `has no valid role (${ROLES.join(' or ')})`;
  const hash = parseHash(hashText);
  if (hash === undefined) return 'has no valid scrypt hash';
  return { name, role, hash };
}
