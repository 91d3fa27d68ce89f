import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { walmq } from './cli-fixture.js';

async function script(shell: string): Promise<string> {
  const { code, lines } = await walmq(['completion', shell], {});
  expect(code).toBe(0);
  return lines.join('\n');
}

/** What a real bash offers at the end of a line. */
async function offered(...line: string[]): Promise<string[]> {
  const program = [
    await script('bash'),
    `COMP_WORDS=(walmq "$@"); COMP_CWORD=$#; _walmq; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', program, 'bash', ...line]);
  expect(stderr).toBe('');
  return stdout.split('\n').filter(word => word !== '');
}

describe('walmq completion', () => {
  it('offers commands and options in bash', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['setup', 'doctor', 'status', '--version']));
    expect(await offered('se')).toEqual(['setup']);
    expect(await offered('status', '--')).toEqual(['--watch', '--json', '--help']);
    expect(await offered('status', '--watch', '--j')).toEqual(['--json']);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
    expect(await offered('help', 'doc')).toEqual(['doctor']);
    expect(await offered('setup', '--wait', '')).toEqual([]);
    expect(await offered('no-such-command', '')).toEqual([]);
  });

  it('is registered by a bash that reads it', async () => {
    const program = `${await script('bash')}\ncomplete -p walmq`;
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', program]);
    expect(stdout.trim()).toBe('complete -F _walmq walmq');
  });

  it('says the same in zsh and fish', async () => {
    const zsh = await script('zsh');
    expect(zsh).toMatch(/^#compdef walmq\n/);
    expect(zsh).toContain("completion) _arguments '--help[print this help]' '1:value:(bash zsh fish)' ;;");
    expect(zsh).toMatch(/status\) _arguments '--watch\[refresh every second until Ctrl\+C\]' /);
    const fish = await script('fish');
    expect(fish).toContain(
      "complete -c walmq -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'",
    );
    expect(fish).toMatch(
      /^complete -c walmq -n '__fish_seen_subcommand_from setup' -l wait -d '[^']+' -r -F$/m,
    );
  });

  it('knows no other shell', async () => {
    const { code, errors } = await walmq(['completion', 'tcsh'], {});
    expect(code).toBe(2);
    expect(errors.join('\n')).toMatch(/bash, zsh, fish/);
  });
});
