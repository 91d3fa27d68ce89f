import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { importDefault, importWorker } from '@walmq/config';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walmq } from './cli-fixture.js';
import { projectWith } from './init-fixture.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const STRICT = { skipLibCheck: false };

/** A value of every type that has a form of its own in a change. */
const SCHEMA = `CREATE TYPE status AS ENUM ('open', 'it''s "closed"'); CREATE SCHEMA "odd.schema";
  CREATE TABLE orders (id bigint PRIMARY KEY, status status NOT NULL, total numeric NOT NULL, weight real NOT NULL,
    document jsonb NOT NULL, tags text[] NOT NULL, note text, ordered_at timestamptz NOT NULL, local timestamp NOT NULL,
    day date NOT NULL, photo bytea NOT NULL, reference uuid NOT NULL, paid boolean NOT NULL, "odd ""name" integer NOT NULL);
  CREATE TABLE "odd.schema"."it's" (line text);`;

describe('a project of walmq init', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(SCHEMA);
    await client.end();
  });
  afterAll(() => postgres.stop());

  async function project(files: Record<string, string>, ...args: string[]): Promise<string> {
    const folder = await projectWith(files);
    const env = { DATABASE_URL: postgres.url };
    const ended = await walmq(['init', folder, '--yes', '--no-install', ...args], env);
    expect(ended).toMatchObject({ code: 0, errors: [] });
    return folder;
  }

  /** The compiler's output, empty if it has nothing to say. */
  async function compile(folder: string, tsconfig = 'tsconfig.json'): Promise<string> {
    return await run(process.execPath, [TSC, '-p', join(folder, tsconfig)]).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  }

  /** Runs the script of package.json. */
  async function test(folder: string): Promise<string> {
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };
    // Stands for npm, which takes a second more.
    return (await run('sh', ['-c', scripts.test], { cwd: folder, env })).stdout;
  }

  const tables = ['--tables', `orders,"odd.schema"."it's"`];

  it.each([
    ['ES modules', '"type": "module"', { module: 'preserve', moduleResolution: 'bundler' }],
    ['CommonJS', '"name": "shop"', { module: 'nodenext' }],
  ])('compiles strictly, loads and passes its test: %s', async (_, type, compilerOptions) => {
    const folder = await project({ 'package.json': `{ ${type} }` }, ...tables);
    const tsconfig = { extends: './tsconfig.json', compilerOptions: { ...STRICT, ...compilerOptions } };
    await writeFile(join(folder, 'tsconfig.strict.json'), JSON.stringify(tsconfig));
    expect(await compile(folder, 'tsconfig.strict.json')).toBe('');
    expect(await test(folder)).toMatch(/^(# |ℹ )pass 2$/m);
    const config = await importDefault(join(folder, 'walmq.config.ts'));
    expect(config).toMatchObject({ queues: { orders: { table: 'orders' } } });
    const worker = await importWorker(join(folder, 'src/workers/orders.ts'));
    expect(worker).toMatchObject({ default: { queue: 'orders' } });
  });

  it('compiles before its tables exist, and after', async () => {
    const folder = await project({ 'package.json': '{}' }, '--tables', 'orders', '--no-database');
    expect(await compile(folder)).toBe('');
    const env = { DATABASE_URL: postgres.url, WALMQ_CONFIG: join(folder, 'walmq.config.ts') };
    await walmq(['types', '--out', join(folder, 'src/walmq-tables.ts')], env);
    // Only the row of the test is still the provisional one.
    const errors = (await compile(folder)).split('\n').filter(line => /^\S/.test(line));
    expect(errors).not.toEqual([]);
    for (const error of errors) expect(error).toMatch(/src\/workers\/orders\.test\.ts/);
  });

  it('has an example that compiles and passes its test', async () => {
    const folder = await project({ 'package.json': '{ "type": "module" }' }, '--example');
    expect(await compile(folder)).toBe('');
    expect(await test(folder)).toMatch(/^(# |ℹ )pass 1$/m);
  });

  it('has a test for vitest, if the project uses it', async () => {
    const files = {
      'package.json': '{ "devDependencies": { "vitest": "4" } }',
      'vitest.config.mjs': 'export default {};',
    };
    const folder = await project(files, ...tables);
    const { stdout } = await run(process.execPath, [VITEST, 'run', '--root', folder], { cwd: folder });
    expect(stdout).toMatch(/Tests .*2 passed/);
  });
});
