import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BULLMQ_MAJOR } from '../look/bullmq.js';
import { EMPTY_MANIFEST } from '../look/project.js';
import type { Answers } from './answers.js';
import { packageName, TOOLS, withPackages } from './packages.js';

const ROOT = join(import.meta.dirname, '../../../../..');
const answers: Answers = {
  tables: [],
  packageManager: 'npm',
  docker: false,
  embedded: false,
  example: false,
  version: '1.2.3',
};
const packages = (manifest: object, given: Partial<Answers> = {}) => {
  const project = { folder: '/srv/My Shop', manifest: { ...EMPTY_MANIFEST, ...manifest } };
  return JSON.parse(withPackages(JSON.stringify(manifest), project, { ...answers, ...given })) as Record<
    string,
    object
  >;
};

describe('withPackages', () => {
  it('adds scripts, walmq and its tools', () => {
    const text = withPackages(undefined, { folder: '/srv/My Shop', manifest: undefined }, answers);
    expect(JSON.parse(text)).toEqual({
      name: 'my-shop',
      version: '0.0.0',
      private: true,
      type: 'module',
      scripts: {
        dev: 'walmq dev',
        test: 'node --import tsx --test src/workers/*.test.ts',
        'walmq:setup': 'walmq setup',
        'walmq:types': 'walmq types',
      },
      dependencies: { walmq: '^1.2.3' },
      devDependencies: TOOLS,
    });
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('keeps the scripts of the project, and adds its own beside them', () => {
    expect(packages({ scripts: { dev: 'next dev', test: 'mocha' } }).scripts).toEqual({
      dev: 'next dev',
      test: 'mocha',
      'walmq:dev': 'walmq dev',
      'walmq:test': 'node --import tsx --test src/workers/*.test.ts',
      'walmq:setup': 'walmq setup',
      'walmq:types': 'walmq types',
    });
  });

  it('replaces the test that npm init writes', () => {
    const scripts = { test: 'echo "Error: no test specified" && exit 1' };
    expect(packages({ scripts }).scripts).toMatchObject({ test: expect.stringContaining('--test') });
  });

  it.each(['vitest', 'jest'])('adds no test runner beside %s', runner => {
    const { scripts, devDependencies } = packages({
      devDependencies: { [runner]: '1' },
      scripts: { test: runner },
    });
    expect(Object.keys(scripts ?? {})).toEqual(['test', 'dev', 'walmq:setup', 'walmq:types']);
    expect(devDependencies).not.toHaveProperty('tsx');
  });

  it('keeps versions that are there', () => {
    const { dependencies, devDependencies } = packages(
      { dependencies: { walmq: '1.0.0', typescript: '5' }, devDependencies: { '@types/node': '24' } },
      { embedded: true },
    );
    expect(dependencies).toEqual({ walmq: '1.0.0', typescript: '5' });
    expect(devDependencies).toEqual({ '@types/node': '24', '@walmq/embedded': '^1.2.3', tsx: TOOLS.tsx });
  });

  it('changes nothing the second time', () => {
    const once = withPackages('{"name":"x"}', { folder: '/x', manifest: EMPTY_MANIFEST }, answers);
    const manifest = { ...EMPTY_MANIFEST, ...(JSON.parse(once) as object) };
    expect(withPackages(once, { folder: '/x', manifest }, answers)).toBe(once);
  });
});

describe('versions', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

  it('of the tools are those with which walmq is tested', () => {
    const { devDependencies } = read('package.json');
    expect(TOOLS.typescript).toBe(devDependencies.typescript);
    expect(TOOLS['@types/node']).toBe(devDependencies['@types/node']);
    expect(TOOLS.tsx).toBe(devDependencies.tsx);
  });

  it('of bullmq is the one with which walmq writes jobs', () => {
    expect(read('apps/cli/package.json').dependencies.bullmq).toMatch(new RegExp(`^${BULLMQ_MAJOR}\\.`));
  });
});

describe('packageName', () => {
  it.each([
    ['/srv/shop', 'shop'],
    ['/srv/My Shop/', 'my-shop'],
    ['C:\\Users\\me\\.hidden', 'hidden'],
    ['/', 'walmq-project'],
    ['/srv/日本', 'walmq-project'],
  ])('%s', (folder, name) => {
    expect(packageName(folder)).toBe(name);
  });
});
