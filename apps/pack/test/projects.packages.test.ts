import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Registry, startRegistry } from '../src/registry.js';
import { handlesAChange, Project } from './project-fixture.js';

const SHOP = ['walmq.config.ts', 'worker.ts', 'entries.mjs', 'required.cjs'];
const WALMQ = 'node_modules/.bin/walmq';
const INSTALLED = { walmq: [WALMQ], worker: [WALMQ, 'worker', 'orders'] };

let registry: Registry;
let servers: Servers;
beforeAll(async () => {
  [registry, servers] = await Promise.all([startRegistry(), startServers()]);
});
afterAll(async () => {
  await Promise.all([registry.stop(), stopServers(servers)]);
});

describe('Node.js', () => {
  it.each(['20', '22', '24', 'latest'])('%s', async version => {
    const project = await Project.create(registry, SHOP);
    await project.useNode(version);
    await project.do('npm', ['install', '--ignore-scripts', 'walmq', '@walmq/outbox']);
    const lines = (await project.do('node', ['entries.mjs'])).trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^\S+ (?:(\d+) \1|needs \S+)$/);
    expect(await project.do('node', ['required.cjs'])).toBe('function function function 1\n');
    await handlesAChange(project, servers, `node_${version}`, INSTALLED);
    await project.remove();
  });
});

describe('package manager', () => {
  it('pnpm', async () => {
    const project = await Project.create(registry, SHOP);
    await project.do('npx', ['-y', 'pnpm@latest', 'add', 'walmq', '@walmq/outbox', '--ignore-scripts']);
    await project.do('node', ['entries.mjs']);
    await handlesAChange(project, servers, 'pnpm', INSTALLED);
    await project.remove();
  });

  it('Yarn 1', async () => {
    const project = await Project.create(registry, SHOP);
    // Yarn 1 takes the newest of each package, and the newest of two of Fastify's declare Node.js 22.
    const options = ['--ignore-scripts', '--ignore-engines'];
    await project.do('npx', ['-y', 'yarn@1', 'add', 'walmq', '@walmq/outbox', ...options]);
    await project.do('node', ['entries.mjs']);
    await handlesAChange(project, servers, 'yarn_1', INSTALLED);
    await project.remove();
  });

  it.each(['node-modules', 'pnp'])('Yarn 4 with the linker %s', async linker => {
    const project = await Project.create(registry, SHOP);
    const yarn = ['npx', '-y', '-p', '@yarnpkg/cli-dist', 'yarn'] as const;
    // By default Yarn 4 waits a day before it takes a new version.
    await project.write('.yarnrc.yml', `nodeLinker: ${linker}\nenableScripts: false\nnpmMinimalAgeGate: 0\n`);
    await project.write('yarn.lock', '');
    await project.do('npx', [...yarn.slice(1), 'add', 'walmq', '@walmq/outbox']);
    await project.do('npx', [...yarn.slice(1), 'node', 'entries.mjs']);
    if (linker === 'node-modules') await handlesAChange(project, servers, 'yarn_4', INSTALLED);
    else {
      // The programs of a package in a zip file are started by Node.js itself, with Yarn's loaders.
      const bin = (await project.do('npx', [...yarn.slice(1), 'bin', 'walmq'])).trim();
      const walmq = ['node', '--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs', bin];
      await handlesAChange(project, servers, 'yarn_pnp', { walmq, worker: [...walmq, 'worker', 'orders'] });
    }
    await project.remove();
  });
});

describe('TypeScript with skipLibCheck false', () => {
  const OWN = ['bullmq', 'ioredis', 'pg', '@types/pg', 'zod', 'pino', 'prom-client', '@types/node@20'];
  const NODENEXT = ['--module', 'nodenext'];
  const BUNDLER = ['--module', 'esnext', '--moduleResolution', 'bundler'];
  const NODE10 = ['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop'];

  it.each([
    ['5.8', 'module', NODENEXT],
    ['5.9', 'module', NODENEXT],
    ['5.9', 'commonjs', NODENEXT],
    ['5.9', 'module', BUNDLER],
    ['5.9', 'commonjs', NODE10],
    ['latest', 'module', NODENEXT],
    ['latest', 'commonjs', NODENEXT],
    ['latest', 'module', BUNDLER],
  ])('%s, a project of type %s, %s', async (version, type, options) => {
    const project = await Project.create(registry, [], { type });
    // Top-level await is for ES modules.
    const source = type === 'module' ? 'own-versions.ts' : 'handler.test.ts';
    for (const file of [source, 'worker.ts', 'walmq.config.ts'])
      await cp(join(import.meta.dirname, 'consumer', file), join(project.folder, file));
    await project.do('npm', [
      'install',
      '--ignore-scripts',
      'walmq',
      '@walmq/outbox',
      `typescript@${version}`,
      ...OWN,
    ]);
    const checks = [
      '--target',
      'es2022',
      '--strict',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
      '--noEmit',
    ];
    await project.do('npx', ['tsc', ...options, ...checks, source, 'walmq.config.ts']);
    await project.remove();
  });
});

it('a worker in one file of esbuild runs without node_modules', async () => {
  const project = await Project.create(registry, ['walmq.config.ts', 'worker.ts', 'bundled.ts']);
  await project.do('npm', ['install', '--ignore-scripts', 'walmq', 'esbuild']);
  const options = ['--bundle', '--platform=node', '--target=node20', '--format=esm', '--outdir=dist'];
  // Packages that are CommonJS call `require`, which an ES module does not have.
  const banner =
    "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";
  const names = ['--out-extension:.js=.mjs', `--banner:js=${banner}`];
  await project.do('npx', ['esbuild', 'bundled.ts', 'walmq.config.ts', ...options, ...names]);
  const image = await Project.create(registry, []);
  for (const file of ['bundled.mjs', 'walmq.config.mjs'])
    await cp(join(project.folder, 'dist', file), join(image.folder, file));
  await handlesAChange(project, servers, 'bundle', {
    walmq: [WALMQ],
    worker: ['env', `--chdir=${image.folder}`, 'WALMQ_CONFIG=walmq.config.mjs', 'node', 'bundled.mjs'],
  });
  await Promise.all([project.remove(), image.remove()]);
});

it('Jest runs tests of a CommonJS project, with the last configuration of the page', async () => {
  const project = await Project.create(registry, ['handler.test.ts'], { type: 'commonjs' });
  const page = await readFile(join(import.meta.dirname, '../../../docs/guides/testing.md'), 'utf8');
  const configurations = [...page.matchAll(/```js\n\/\/ jest\.config\.js\n([\s\S]*?)```/g)];
  await project.write('jest.config.cjs', configurations.at(-1)?.[1] as string);
  const tools = ['jest', 'ts-jest', 'typescript@5.9', '@types/node@20'];
  await project.do('npm', ['install', '--ignore-scripts', 'walmq', '@walmq/outbox', ...tools]);
  await project.do('npx', ['jest', '--ci']);
  await project.remove();
});

describe('what is not installed', () => {
  it('is named with the command that installs it', async () => {
    const project = await Project.create(registry, SHOP);
    await project.write(
      'facts.mjs',
      "import { createClickhouseSink } from 'walmq/sinks/analytics';\nawait createClickhouseSink({ url: 'http://localhost:8123' });",
    );
    await project.do('npm', ['install', '--ignore-scripts', 'walmq', '@walmq/outbox']);
    const urls = { DATABASE_URL: 'postgres://localhost/x', REDIS_URL: 'redis://localhost' };
    expect((await project.run(WALMQ, ['worker', 'orders'], { ...urls, WALMQ_TRACING: 'on' })).output).toMatch(
      /^TRACING_NOT_INSTALLED: .* Run "npm install @opentelemetry\/exporter-trace-otlp-http .*", or set WALMQ_TRACING=off\.$/m,
    );
    expect((await project.run('node', ['facts.mjs'])).output).toContain(
      'Run "npm install @clickhouse/client"',
    );
    await project.remove();
  });
});
