import { askPassword } from './ask-password.js';
import { hashPassword } from './password.js';
import { isName, isRole, ROLES } from './users.js';

const MIN_LENGTH = 12;

/** Prints the line of a users file for one user on standard output, everything else on standard error. */
async function userLine([name, role]: readonly string[]): Promise<string> {
  if (name === undefined || role === undefined)
    throw new Error(`Usage: npm run --silent user -w @walmq/dashboard -- <name> <${ROLES.join('|')}>`);
  if (!isName(name)) throw new Error('A name is made of letters, digits and . _ @ -, 64 at most.');
  if (!isRole(role)) throw new Error(`The role is ${ROLES.join(' or ')}.`);
  const password = await askPassword(`Password of ${name} (at least ${MIN_LENGTH} characters, not shown): `);
  if (password.length < MIN_LENGTH) throw new Error(`The password has fewer than ${MIN_LENGTH} characters.`);
  if (process.stdin.isTTY === true && (await askPassword('Once more: ')) !== password)
    throw new Error('The two are not the same.');
  return `${name}:${role}:${await hashPassword(password)}`;
}

try {
  console.log(await userLine(process.argv.slice(2)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
