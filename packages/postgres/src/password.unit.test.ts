import { describe, expect, it } from 'vitest';
import type { AskPassword, DatabaseUrl } from './database-url.js';
import { askPassword, withPassword } from './password.js';

const TARGET = { host: 'db.example', port: 5433, user: 'app', database: 'shop' };

function sourceOf(database: DatabaseUrl): AskPassword {
  return (database as { password: AskPassword }).password;
}
const command = (passwordCommand: string) =>
  sourceOf(withPassword('postgres://db.example/shop', { passwordCommand }));

describe('a password for one connection', () => {
  it('is what the function or the command answers, without the line end', async () => {
    expect(await askPassword(({ host }) => `token for ${host}`, TARGET)).toBe('token for db.example');
    expect(await askPassword(async () => 'later', TARGET)).toBe('later');
    expect(await askPassword(command('echo "$PGUSER@$PGHOST:$PGPORT/$PGDATABASE"'), TARGET)).toBe(
      'app@db.example:5433/shop',
    );
  });

  it.each<[string, AskPassword, RegExp]>([
    ['a command that fails', command('echo secret; echo secret >&2; exit 3'), /has failed \(exit code 3\)/],
    ['a command that does not exist', command('/nowhere/secret'), /has failed \(exit code 127\)/],
    ['a command that prints nothing', command('true'), /has not answered with a password/],
    [
      'a function that throws',
      () => {
        throw new TypeError('secret');
      },
      /has failed \(TypeError\)/,
    ],
    [
      'a function that answers with something else',
      (() => 7) as unknown as AskPassword,
      /has not answered with/,
    ],
    ['a function that never answers', () => new Promise(() => undefined), /has not answered within 20 ms/],
  ])('%s: a sentence without the secret', async (_, ask, expected) => {
    const error = await askPassword(ask, TARGET, ask.length === 0 ? 20 : undefined).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({
      code: 'DATABASE_PASSWORD_FAILED',
      message: expect.stringMatching(expected),
    });
    expect(`${(error as Error).message}${(error as Error).stack}`).not.toContain('secret');
    expect((error as Error).cause).toBeUndefined();
  });
});
