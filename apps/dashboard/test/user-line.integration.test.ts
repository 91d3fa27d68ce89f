import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyPassword } from '../src/access/password.js';
import { parseUsers } from '../src/access/users.js';

const PROGRAM = join(import.meta.dirname, '../../cli/bin/walmq.js');

async function userLine(args: readonly string[], typed: string) {
  const child = spawn(process.execPath, [PROGRAM, 'dashboard', 'user', ...args]);
  const said = { line: '', error: '' };
  child.stdout.on('data', text => {
    said.line += text;
  });
  child.stderr.on('data', text => {
    said.error += text;
  });
  child.stdin.end(typed);
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

describe('the command that makes a user', () => {
  it('prints a line that lets the user in, and nothing of the password', async () => {
    const { code, line, error } = await userLine(['ann', 'operator'], 'correct horse battery\n');
    expect(code).toBe(0);
    expect(line + error).not.toContain('horse');
    const user = parseUsers(line, 'users').get('ann');
    if (user === undefined) throw new Error('the line names no ann');
    expect(user.role).toBe('operator');
    expect(await verifyPassword('correct horse battery', user.hash)).toBe(true);
  });

  it.each([
    [['ann'], 'correct horse battery', 2, "missing required argument 'role'"],
    [['ann', 'admin'], 'correct horse battery', 1, 'The role is states, read-only or operator.'],
    [['a:b', 'operator'], 'correct horse battery', 1, 'the name is not valid'],
    [['ann', 'operator'], 'short', 1, 'fewer than 12 characters'],
  ])('refuses %j with %j', async (args, typed, exitCode, sentence) => {
    const { code, line, error } = await userLine(args, typed);
    expect(code).toBe(exitCode);
    expect(line).toBe('');
    expect(error).toContain(sentence);
  });
});
