import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { walmq } from '../test/cli-fixture.js';
import { CHECKS } from './doctor/check.js';

describe('the command line', () => {
  it('prints its help without a command, as a misuse', async () => {
    const { code, lines, errors } = await walmq([], {});
    expect(code).toBe(2);
    expect(lines).toEqual([]);
    expect(errors.join('\n')).toMatch(/Usage: walmq.*setup.*doctor.*DATABASE_URL/s);
  });

  it.each([
    [['setpu'], /Did you mean setup\?/],
    [['setup', '--sq'], /Did you mean --sql\?/],
    [['setup', '--sql', '--dry-run'], /cannot be used with/],
    [['setup', '--wait', '0'], /more than 0/],
    [['setup', '--wait', 'long'], /number of seconds/],
    [['sql'], /missing required argument/],
    [['doctor', 'now'], /too many arguments/],
  ])('does not understand %j, and says so', async (args, expected) => {
    const { code, lines, errors } = await walmq(args, {});
    expect(code).toBe(2);
    expect(lines).toEqual([]);
    expect(errors.join('\n')).toMatch(expected);
  });

  it('shows examples and exit codes of every command', async () => {
    const { lines } = await walmq(['--help'], {});
    const listed = lines.slice(lines.indexOf('Commands:') + 1);
    const commands = listed
      .flatMap(line => /^ {2}([a-z-]+)/.exec(line)?.[1] ?? [])
      .filter(name => name !== 'help');
    expect(commands).toEqual(expect.arrayContaining(['setup', 'doctor', 'status', 'sql', 'completion']));
    for (const command of commands) {
      const { code, lines, errors } = await walmq([command, '--help'], {});
      expect(code).toBe(0);
      expect(errors).toEqual([]);
      expect(lines.join('\n')).toMatch(
        new RegExp(`Examples:\\n  walmq ${command}.*Exit codes:\\n  0 .*\\n  1 .*\\n  2 `, 's'),
      );
      // The help ends with an existing page and section.
      const [, page = '', section] = /^Documentation: ([^#]+)(?:#(.+))?$/.exec(lines.at(-1) ?? '') ?? [];
      const text = readFileSync(join(import.meta.dirname, '../../..', page), 'utf8');
      if (section) expect(text.toLowerCase()).toContain(`## ${section.replaceAll('-', ' ')}`);
    }
  });

  it('prints its version', async () => {
    const { code, lines } = await walmq(['--version'], {});
    expect(code).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });

  it('says in one sentence that there is no configuration', async () => {
    const { code, lines, errors } = await walmq(['setup'], { WALMQ_CONFIG: '/nowhere/walmq.config.ts' });
    expect(code).toBe(1);
    expect(lines).toEqual([]);
    expect(errors).toEqual([expect.stringMatching(/^CONFIG_MISSING: .*\/nowhere\/walmq\.config\.ts/)]);
  });
});

describe('docs/reference/doctor.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/doctor.md'), 'utf8');

  it('explains every check that there is, and no other, in the order of the command', () => {
    const explained = [...page.matchAll(/^\| <a id="([a-z-]+)"><\/a>`\1` \|/gm)].map(([, check]) => check);
    expect(explained).toEqual(CHECKS);
  });
});
