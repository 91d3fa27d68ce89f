import { describe, expect, it } from 'vitest';
import { withIgnored, withVariables } from '../files/small-files.js';
import { EMPTY_MANIFEST, type Project } from '../look/project.js';
import { byHand } from '../print/by-hand.js';
import { planLines } from '../print/plan-lines.js';
import type { Answers } from './answers.js';
import { planWrites, writesOf } from './plan-writes.js';
import { targetsOf } from './targets.js';

const project: Project = {
  folder: '/srv/shop',
  manifest: EMPTY_MANIFEST,
  lockfile: undefined,
  composeFile: undefined,
  hasEnvFile: false,
  tsconfig: undefined,
};
const answers: Answers = {
  tables: [{ schema: 'public', table: 'orders', model: undefined }],
  packageManager: 'pnpm',
  docker: true,
  embedded: false,
  example: false,
  version: '1.2.3',
};
const FILES = [
  'walmq.config.ts',
  'src/walmq-tables.ts',
  'src/workers/orders.ts',
  'src/workers/orders.test.ts',
  'tsconfig.json',
  'compose.yaml',
  '.env.example',
  '.gitignore',
  'package.json',
];

function planOf(
  present: Record<string, string> = {},
  given: { force?: boolean; project?: Partial<Project> } = {},
) {
  const targets = targetsOf({ ...project, ...given.project }, answers);
  return planWrites(targets, new Map(Object.entries({ 'package.json': '{}', ...present })), {
    force: given.force ?? false,
  });
}

const actions = (plan: ReturnType<typeof planOf>) =>
  Object.fromEntries(plan.map(({ path, action }) => [path, action]));

describe('the plan', () => {
  it('creates every file of a new project, package.json last', () => {
    const plan = planOf();
    expect(plan.map(({ path }) => path)).toEqual(FILES);
    expect(new Set(plan.slice(0, -1).map(({ action }) => action))).toEqual(new Set(['create']));
    expect(planLines(plan).at(-1)).toBe(
      'change   package.json: scripts dev, test, walmq:setup, walmq:types; dependencies walmq; devDependencies @types/node, tsx, typescript',
    );
  });

  it('is empty for the project that it has made', () => {
    const made = Object.fromEntries(planOf().map(({ path, text }) => [path, text]));
    const manifest = { ...EMPTY_MANIFEST, ...(JSON.parse(made['package.json'] as string) as object) };
    const again = planOf(made, {
      project: { manifest, tsconfig: made['tsconfig.json'], composeFile: 'compose.yaml' },
    });
    expect(writesOf(again)).toEqual([]);
    expect(actions(again)).toEqual(
      Object.fromEntries(FILES.filter(path => path !== 'tsconfig.json').map(path => [path, 'same'])),
    );
    const windows = Object.fromEntries(
      Object.entries(made).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]),
    );
    expect(actions(planOf(windows))['src/workers/orders.ts']).toBe('same');
  });

  it('keeps files that differ, says so, and replaces them only by force', () => {
    const present = { 'walmq.config.ts': 'mine', 'src/workers/orders.ts': 'mine' };
    const plan = planOf(present);
    expect(actions(plan)).toMatchObject({ 'walmq.config.ts': 'kept', 'src/workers/orders.ts': 'kept' });
    expect(writesOf(plan).map(({ path }) => path)).not.toContain('walmq.config.ts');
    expect(planLines(plan)[0]).toBe('kept     walmq.config.ts: it exists and differs; --force replaces it');
    const forced = planOf(present, { force: true });
    expect(planLines(forced)[0]).toBe('replace  walmq.config.ts');
    expect(writesOf(forced).map(({ path }) => path)).toContain('walmq.config.ts');
    // Files that belong to the user as a whole are only ever added to.
    expect(actions(planOf({ '.gitignore': 'mine\n' }, { force: true }))['.gitignore']).toBe('change');
  });

  it('leaves a compose file and a tsconfig of the project alone', () => {
    const plan = planOf({}, { project: { composeFile: 'docker-compose.yml', tsconfig: '{}' } });
    expect(plan.map(({ path }) => path)).toEqual(
      FILES.filter(path => path !== 'compose.yaml' && path !== 'tsconfig.json'),
    );
  });
});

describe('what is left to do by hand', () => {
  const table = { schema: 'public', table: 'orders' };
  const model = { ...table, comment: null, oldRow: 'whole' as const, key: ['id'], columns: [] };
  const notes = (given: {
    present?: Record<string, string>;
    configured?: string[];
    key?: string[];
    project?: Partial<Project>;
  }) => {
    const facts = {
      project: { ...project, ...given.project },
      answers: { ...answers, tables: [{ ...table, model: { ...model, key: given.key ?? model.key } }] },
      plan: planOf(given.present, given.project ? { project: given.project } : {}),
      configured: given.configured && new Set(given.configured),
    };
    return byHand(facts).join('\n');
  };

  it('is nothing in a new project whose tables are known', () => {
    expect(notes({})).toBe('');
  });

  it.each([
    [
      'a configuration of another table',
      { present: { 'walmq.config.ts': 'x' }, configured: ['items'] },
      /^Add to walmq.config.ts:\n.*orders: \{ table: 'orders' \},\n.*orders: 'src\/workers\/orders.ts',$/,
    ],
    [
      'a configuration that cannot be loaded',
      { present: { 'walmq.config.ts': 'x' } },
      /^Add to walmq.config.ts, unless it has them:/,
    ],
    [
      'a configuration of the same table',
      { present: { 'walmq.config.ts': 'x' }, configured: ['orders'] },
      /^$/,
    ],
    [
      'other row types',
      { present: { 'src/walmq-tables.ts': 'x' } },
      /^Write src\/walmq-tables.ts again .*: pnpm exec walmq types$/,
    ],
    ['no key', { key: [] }, /public\.orders has no primary key.*orderBy/],
    [
      'servers of the project',
      { project: { composeFile: 'docker-compose.yml' } },
      /docker-compose.yml stays.*wal_level=logical.*noeviction/s,
    ],
    [
      'a compiler that takes every file',
      { project: { tsconfig: '{ "compilerOptions": { "outDir": "dist" } }' } },
      /"exclude"/,
    ],
    [
      'a compiler that takes src',
      { project: { tsconfig: '{ "compilerOptions": { "outDir": "dist" }, "include": ["src"] }' } },
      /^$/,
    ],
  ])('%s', (_, given, expected) => {
    expect(notes(given)).toMatch(expected);
  });
});

describe('lines that are added to a file', () => {
  it.each([
    [undefined, 'node_modules/\n.env\n.walmq/\n'],
    ['/node_modules\n.env', '/node_modules\n.env\n.walmq/\n'],
    ['node_modules\n.env\n.walmq\n', 'node_modules\n.env\n.walmq\n'],
  ])('.gitignore: %j', (before, after) => {
    expect(withIgnored(before)).toBe(after);
    expect(withIgnored(after)).toBe(after);
  });

  it('.env.example: only the variables that it lacks', () => {
    const text = withVariables('export DATABASE_URL=x');
    expect(text.match(/^.*_URL=/gm)).toEqual(['export DATABASE_URL=', 'REDIS_URL=']);
    expect(withVariables(text)).toBe(text);
  });
});
