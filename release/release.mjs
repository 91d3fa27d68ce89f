/**
 * `npm run release -- [patch|minor|major] [--dry-run]`: tests, version, changelog, commit and tag. It publishes nothing:
 * the workflow does, when the tag is pushed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUMPS, bumpOf, nextVersion, parseChange } from './version/change-files.mjs';
import { releaseChangelog } from './version/changelog.mjs';
import { readJson, writeVersion } from './version/manifests.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const USAGE = 'Usage: npm run release -- [patch|minor|major] [--dry-run]';

try {
  release();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function release() {
  const { bump: asked, dryRun } = readArguments();
  const plan = planRelease(asked);
  const refusal = refusalOf(plan);
  if (dryRun) console.log(`${summaryOf(plan)}\n\n${plan.notes}`);
  if (refusal !== undefined) throw new Error(dryRun ? `\nA release would stop here: ${refusal}` : refusal);
  if (dryRun) return;
  console.log(`${summaryOf(plan)}\nThe tests run first.`);
  if (spawnSync('npm', ['test'], { cwd: ROOT, stdio: 'inherit' }).status !== 0)
    throw new Error('The tests failed: nothing was changed. Correct them, then run this command again.');
  if (changesInTree() !== '') throw new Error('The tests left changes behind: commit or remove them first.');
  write(plan);
  console.log(`Version ${plan.version} is committed and tagged. Publish it: git push --follow-tags`);
}

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new Error(`${error.message}\n${USAGE}`);
  }
  const [bump, ...more] = parsed.positionals;
  if (more.length > 0 || (bump !== undefined && !BUMPS.includes(bump))) throw new Error(USAGE);
  return { bump, dryRun: parsed.values['dry-run'] };
}

/** Reads everything and writes nothing. */
function planRelease(asked) {
  const folder = join(ROOT, 'changes');
  const names = existsSync(folder) ? readdirSync(folder).filter(name => name !== 'README.md') : [];
  const changes = names.sort().map(name => parseChange(name, readFileSync(join(folder, name), 'utf8')));
  const needed = bumpOf(changes);
  const bump = asked ?? needed;
  if (bump === undefined) throw new Error(`No file in changes/ names the step: give it. ${USAGE}`);
  if (BUMPS.indexOf(bump) < BUMPS.indexOf(needed)) {
    const { name } = changes.find(change => change.bump === needed);
    throw new Error(`changes/${name} is a ${needed} change: run npm run release -- ${needed}`);
  }
  const former = readJson(ROOT, 'package.json').version;
  const version = nextVersion(former, bump);
  const date = new Date().toISOString().slice(0, 10);
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const { text, notes } = releaseChangelog(changelog, { version, date, changes });
  return { former, version, tag: `v${version}`, changelog: text, notes, names };
}

/** Why this plan cannot be carried out here; undefined if it can. */
function refusalOf({ tag }) {
  const dirty = changesInTree();
  if (dirty !== '') return `the working tree has changes. Commit or stash them:\n${dirty.trimEnd()}`;
  const branch = git('branch', '--show-current').trim();
  if (branch !== 'main') return `this is branch "${branch}". Releases are made on main: git switch main`;
  if (git('tag', '--list', tag) !== '') return `there is a tag ${tag} already.`;
  const behind = spawnSync('git', ['rev-list', '--count', 'HEAD..@{upstream}'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  // Status 128: main follows no branch of another repository.
  if (behind.status === 0 && behind.stdout.trim() !== '0') return 'main is behind its upstream: git pull';
  return undefined;
}

function summaryOf({ former, version, tag, names }) {
  return `${former} -> ${version}, tag ${tag}, ${names.length} file(s) of changes/.`;
}

/** The tree was clean, so a failure halfway takes everything back. */
function write({ version, tag, changelog, notes, names }) {
  const before = git('rev-parse', 'HEAD').trim();
  try {
    const paths = writeVersion(ROOT, version);
    writeFileSync(join(ROOT, 'CHANGELOG.md'), changelog);
    for (const name of names) rmSync(join(ROOT, 'changes', name));
    git('add', '--', 'CHANGELOG.md', 'changes', ...paths);
    git('commit', '--quiet', '--message', `Version ${version}`);
    git('tag', '--annotate', tag, '--cleanup=verbatim', '--message', `${tag}\n\n${notes}\n`);
  } catch (error) {
    git('reset', '--quiet', '--hard', before);
    throw new Error(`${error.message}\nThe release failed and was taken back.`);
  }
}

function changesInTree() {
  return git('status', '--porcelain');
}

function git(...words) {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
