import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Registry, startRegistry, TOOLS } from '../src/registry.js';
import { figuresOf, installedIn } from './installed-fixture.js';
import { handlesAChange, Project } from './project-fixture.js';

const PAGE = join(import.meta.dirname, '../../../docs/reference/packages.md');

let registry: Registry;
let servers: Servers;
beforeAll(async () => {
  [registry, servers] = await Promise.all([startRegistry(), startServers()]);
}, 300_000);
afterAll(async () => {
  await Promise.all([registry.stop(), stopServers(servers)]);
});

describe('the tarballs', () => {
  const folders = () =>
    readdirSync(registry.packages, { withFileTypes: true }).flatMap(each =>
      each.isDirectory() ? [join(registry.packages, each.name)] : [],
    );

  it('hold what runs and its declarations: no tests, no maps, nothing that only the repository has', () => {
    for (const folder of folders()) {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
      expect(
        files.filter(file => /\.test\.|-fixture|\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(file)),
      ).toEqual([]);
      for (const file of files.filter(each => /\.(js|d\.ts)$/.test(each))) {
        const code = readFileSync(join(folder, file), 'utf8');
        expect(code, file).not.toContain('sourceMappingURL');
        expect(code, file).not.toMatch(/(?:from|import\() ?['"]@walmq\/(?!embedded['"])/);
      }
    }
  });

  it('satisfy publint, and arethetypeswrong where a program can resolve them', async () => {
    const run = (tool: string, ...args: string[]) =>
      promisify(execFile)(join(TOOLS, 'node_modules/.bin', tool), args);
    const tarballs = readdirSync(registry.packages).filter(name => name.endsWith('.tgz'));
    expect(tarballs).toHaveLength(folders().length);
    await Promise.all(
      tarballs.flatMap(name => {
        const tarball = join(registry.packages, name);
        const lint = run('publint', 'run', tarball, '--strict');
        // Every supported Node.js loads ES modules by require.
        const types = run('attw', tarball, '--ignore-rules', 'cjs-resolves-to-esm');
        return name.startsWith('create-') ? [lint] : [lint, types];
      }),
    );
  });
});

describe('npm install walmq', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.create(registry, ['entries.mjs', 'required.cjs']);
    await project.do('npm', ['install', '--ignore-scripts', 'walmq', '@walmq/outbox']);
  }, 300_000);
  afterAll(() => project.remove());

  it('is as small as the page says: no server, no compiler, no tests', () => {
    const { packages, files, megabytes } = installedIn(project.folder);
    const page = figuresOf(PAGE, '`npm install walmq`');
    expect(packages.filter(name => /embedded|^typescript@|esbuild|vitest/.test(name))).toEqual([]);
    expect(files.filter(file => /^(@walmq\/[^/]+|walmq)\/.*(\.test\.|-fixture|\/test\/)/.test(file))).toEqual(
      [],
    );
    // Loosely: other packages' minor versions come and go.
    expect(packages.length, packages.join(' ')).toBeLessThanOrEqual(page.packages * 1.15);
    expect(megabytes).toBeLessThanOrEqual(page.megabytes * 1.15);
  });

  it('gives the same exports by import and by require, and the command', async () => {
    const lines = (await project.do('node', ['entries.mjs'])).trim().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/^\S+ (?:(\d+) \1|needs \S+)$/);
    expect(await project.do('node', ['required.cjs'])).toBe('function function function 1\n');
    expect(await project.do('npx', ['walmq', '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

it('a project with its own versions of bullmq, ioredis, pg and zod compiles with every declaration checked, and runs', async () => {
  const files = ['walmq.config.ts', 'worker.ts', 'own-versions.ts'];
  const project = await Project.create(registry, files);
  const own = [
    'bullmq@5',
    'ioredis@5.4',
    'pg@8.11',
    '@types/pg@8.11',
    'zod@4.0',
    'pino@9',
    'prom-client@15.0',
  ];
  const tools = ['typescript@5.9', '@types/node@20'];
  await project.do('npm', ['install', '--ignore-scripts', 'walmq', '@walmq/outbox', ...own, ...tools]);
  const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', 'false'];
  await project.do('npx', ['tsc', ...options, '--types', 'node', '--outDir', 'dist', 'own-versions.ts']);
  await handlesAChange(project, servers, 'own_versions', {
    walmq: ['node_modules/.bin/walmq'],
    worker: ['node', 'dist/own-versions.js'],
  });
  await project.remove();
}, 300_000);
