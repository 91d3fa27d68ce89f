import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const PASS = 'node --version';
const FAIL = 'node --no-such-option';

/** What a release reads and writes, in a repository of its own. Its tests are a stub. */
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'walmq-release-'));
  const isTool = (path: string) => !path.includes('node_modules');
  for (const path of ['release', 'changes', 'CHANGELOG.md', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, path), join(clone, path), { recursive: true, filter: isTool });
  for (const parent of ['packages', 'apps'])
    for (const name of readdirSync(join(ROOT, parent)))
      cpSync(join(ROOT, parent, name, 'package.json'), join(clone, parent, name, 'package.json'));
  useTests(PASS);
  write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n### Fixed\n\n- One.\n');
  for (const name of readdirSync(join(clone, 'changes')))
    if (name !== 'README.md') rmSync(join(clone, 'changes', name));
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'A maintainer');
  git('config', 'user.email', 'maintainer@example.com');
  commit();
});
afterEach(() => rmSync(clone, { recursive: true }));

describe('npm run release', () => {
  it('writes version, changelog, commit and tag, and publishes nothing', () => {
    write('changes/status.md', '---\nbump: minor\nsection: Added\n---\n\n- Two.\n');
    commit();
    const { stdout, status } = release('minor');
    expect(stdout).toContain('Publish it: git push --follow-tags');
    expect(status).toBe(0);
    const version = '0.2.0';
    expect(json('package.json').version).toBe(version);
    for (const parent of ['packages', 'apps'])
      for (const name of readdirSync(join(clone, parent))) {
        expect(json(`${parent}/${name}/package.json`).version, name).toBe(version);
        expect(json('package-lock.json').packages[`${parent}/${name}`]?.version, name).toBe(version);
      }
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`## Unreleased\n\n## ${version} - .{10}\n\n### Fixed\n\n- One.\n\n### Added\n\n- Two.\n$`),
    );
    expect(existsSync(join(clone, 'changes/status.md'))).toBe(false);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('log', '-1', '--format=%s')).toBe(`Version ${version}\n`);
    expect(git('tag', '--points-at', 'HEAD')).toBe(`v${version}\n`);
    expect(git('tag', '--list', '--format=%(contents)')).toContain('### Fixed\n\n- One.');
    // Nothing is left to release.
    expect(release('patch').stderr).toContain('there is no change since the last version');
  });

  it('takes the step of the change files', () => {
    write('changes/a.md', '---\nbump: patch\nsection: Fixed\n---\n- A.\n');
    write('changes/b.md', '---\nbump: major\nsection: Changed\n---\n- B.\n');
    commit();
    expect(release('--dry-run').stdout).toContain('-> 1.0.0, tag v1.0.0');
    expect(release('minor').stderr).toBe('changes/b.md is a major change: run npm run release -- major\n');
    expectUnchanged();
  });

  it('with --dry-run shows the notes and writes nothing', () => {
    const { stdout, status } = release('minor', '--dry-run');
    expect(stdout).toContain('### Fixed\n\n- One.');
    expect(status).toBe(0);
    expectUnchanged();
  });

  it.each<readonly [string, () => void, string]>([
    ['a changed file', () => write('CHANGELOG.md', `${read('CHANGELOG.md')}- x\n`), 'the working tree has'],
    ['an untracked file', () => write('new.txt', ''), 'the working tree has changes'],
    ['another branch', () => git('switch', '--quiet', '--create', 'topic'), 'this is branch "topic"'],
    ['a tag of that version', () => git('tag', 'v0.2.0'), 'there is a tag v0.2.0 already'],
    ['red tests', () => [useTests(FAIL), commit()], 'The tests failed: nothing was changed'],
    [
      'a malformed change file',
      () => [write('changes/a.md', 'One.\n'), commit()],
      'changes/a.md does not begin with --- lines',
    ],
  ])('refuses %s', (_, prepare, sentence) => {
    prepare();
    const before = git('status', '--porcelain');
    const head = git('rev-parse', 'HEAD');
    const { stderr, status } = release('minor');
    expect(stderr).toContain(sentence);
    expect(status).toBe(1);
    expect(git('status', '--porcelain')).toBe(before);
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });

  it('refuses a main that is behind its upstream', () => {
    const upstream = mkdtempSync(join(tmpdir(), 'walmq-upstream-'));
    execFileSync('git', ['clone', '--quiet', '--bare', clone, upstream]);
    git('remote', 'add', 'origin', upstream);
    git('commit', '--quiet', '--allow-empty', '--message', 'Ahead');
    git('push', '--quiet', '--set-upstream', 'origin', 'main');
    git('reset', '--quiet', '--hard', 'HEAD~1');
    expect(release('minor').stderr).toContain('main is behind its upstream: git pull');
    rmSync(upstream, { recursive: true });
  });

  it('takes everything back if the commit is refused', () => {
    writeFileSync(join(clone, '.git/hooks/pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { stderr, status } = release('minor');
    expect(stderr).toContain('The release failed and was taken back.');
    expect(status).toBe(1);
    expectUnchanged();
  });

  it.each([['huge'], ['minor', 'major'], ['--publish']])('explains itself for %s %s', (...words) => {
    const { stderr, status } = release(...words);
    expect(stderr).toContain('Usage: npm run release -- [patch|minor|major] [--dry-run]');
    expect(status).toBe(1);
  });
});

function release(...words: string[]) {
  return spawnSync(process.execPath, ['release/release.mjs', ...words], { cwd: clone, encoding: 'utf8' });
}

function expectUnchanged(): void {
  expect(git('status', '--porcelain')).toBe('');
  expect(git('tag', '--list')).toBe('');
  expect(json('package.json').version).toBe('0.1.9');
  expect(read('CHANGELOG.md')).toBe('# Changelog\n\n## Unreleased\n\n### Fixed\n\n- One.\n');
}

function useTests(command: string): void {
  const manifest = json('package.json');
  write(
    'package.json',
    JSON.stringify({ ...manifest, version: '0.1.9', scripts: { ...manifest.scripts, test: command } }),
  );
}

function commit(): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'State');
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: clone, encoding: 'utf8' });
}

function json(path: string) {
  return JSON.parse(read(path));
}

function read(path: string): string {
  return readFileSync(join(clone, path), 'utf8');
}

function write(path: string, text: string): void {
  writeFileSync(join(clone, path), text);
}
