import { WalmqError } from '@walmq/change';
import { askPassword } from './ask-password.js';
import { hashPassword } from './password.js';
import { isName, isRole, roleNames } from './users.js';

const MIN_LENGTH = 12;

/**
 * The line of a users file for one user. Asks for the password on the terminal, or reads it from a pipe. Throws
 * DASHBOARD_USERS_INVALID.
 */
export async function userLine(name: string, role: string): Promise<string> {
  if (!isName(name)) throw invalid('the name is not valid.', 'Use letters, digits and . _ @ -, 64 at most.');
  if (!isRole(role)) throw invalid(`there is no role ${role}.`, `The role is ${roleNames()}.`);
  const password = await askPassword(`Password of ${name} (at least ${MIN_LENGTH} characters, not shown): `);
  if (password.length < MIN_LENGTH)
    throw invalid(`the password has fewer than ${MIN_LENGTH} characters.`, 'Choose a longer one.');
  if (process.stdin.isTTY === true && (await askPassword('Once more: ')) !== password)
    throw invalid('the two passwords are not the same.', 'Run the command again.');
  return `${name}:${role}:${await hashPassword(password)}`;
}

function invalid(fault: string, remedy: string): WalmqError {
  return new WalmqError('DASHBOARD_USERS_INVALID', fault, { remedy });
}
