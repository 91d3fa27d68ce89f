import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walmq } from './cli-fixture.js';
import { answering, contentsOf, projectWith } from './init-fixture.js';

const SCHEMA = `CREATE SCHEMA sales; CREATE SCHEMA walmq; CREATE TYPE status AS ENUM ('open', 'closed');
  CREATE TABLE orders (id bigint PRIMARY KEY, status status NOT NULL, total numeric NOT NULL, document jsonb NOT NULL,
    tags text[] NOT NULL, note text, ordered_at timestamptz NOT NULL, reference uuid NOT NULL);
  CREATE TABLE sales.invoices (year integer, number integer, PRIMARY KEY (number, year));
  CREATE TABLE lines (line text);
  CREATE TABLE events (id integer PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
  CREATE UNLOGGED TABLE scratch (id integer PRIMARY KEY);
  CREATE TABLE _prisma_migrations (id integer PRIMARY KEY);
  CREATE TABLE walmq.inbox_of_another_version (id integer PRIMARY KEY);`;
const MANIFEST = { 'package.json': '{\n\t"name": "shop",\n\t"files": ["a", "b"]\n}\n' };

describe('walmq init', () => {
  let postgres: EmbeddedPostgres;
  let env: Record<string, string>;
  beforeAll(async () => {
    postgres = await startPostgres();
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(SCHEMA);
    await client.end();
    env = { ...(process.env as Record<string, string>), DATABASE_URL: postgres.url };
  });
  afterAll(() => postgres.stop());

  const init = (folder: string, args: readonly string[], io = {}, environment = env) =>
    walmq(['init', folder, '--no-install', ...args], environment, io);

  it('writes a project whose types are those of the database after set-up, and nothing the second time', async () => {
    const folder = await projectWith(MANIFEST);
    const args = ['--tables', 'lines,orders,sales.invoices', '--yes'];
    const { code, lines, errors } = await init(folder, args);
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toContain('create   src/workers/sales-invoices.test.ts');
    expect(lines.join('\n')).toMatch(/public\.lines has no primary key.*orderBy/);
    const written = await contentsOf(folder);
    expect(written['package.json']).toContain(
      '\t"files": ["a", "b"],\n\t"scripts": {\n\t\t"dev": "walmq dev",',
    );

    const again = await init(folder, args);
    expect(again.lines).toContain('Nothing to write: the project has it all.');
    expect(await contentsOf(folder)).toEqual(written);

    const configured = { ...env, WALMQ_CONFIG: join(folder, 'walmq.config.ts') };
    expect(await walmq(['setup'], configured)).toMatchObject({ code: 0, errors: [] });
    const types = await walmq(['types', '--out', join(folder, 'src/walmq-tables.ts')], configured);
    expect(types.lines).toEqual([expect.stringMatching(/3 tables, as they were$/)]);
  });

  it('lists the tables with key and size, and asks until it has an answer', async () => {
    const folder = await projectWith(MANIFEST);
    const user = answering('', 'ordes', '9', '3, sales.invoices', '3', 'y');
    const { code, lines } = await init(folder, [], { ask: user.ask });
    expect(code).toBe(0);
    const start = lines.indexOf('Tables of the database:');
    expect(lines.slice(start + 1, start + 6)).toEqual([
      expect.stringMatching(/^ +table +key +size$/),
      expect.stringMatching(/^ +1 +events +id +8192 bytes$/),
      expect.stringMatching(/^ +2 +lines +none: one change after the other +8192 bytes$/),
      expect.stringMatching(/^ +3 +orders +id +16 kB$/),
      expect.stringMatching(/^ +4 +sales\.invoices +number, year +8192 bytes$/),
    ]);
    expect(lines.slice(start + 6, start + 8)).toEqual([
      expect.stringMatching(/^TABLE_MISSING: .*public\.ordes.*Did you mean "orders"\?$/),
      expect.stringMatching(/^TABLE_MISSING: .*public\.9\. /),
    ]);
    expect(user.questions.at(-1)).toMatch(/Write these files\?/);
    expect(Object.keys(await contentsOf(folder))).toEqual(
      expect.arrayContaining(['src/workers/orders.ts', 'src/workers/sales-invoices.ts', 'compose.yaml']),
    );
  });

  it('writes nothing at "no", without a confirmation, and with --dry-run', async () => {
    const folder = await projectWith(MANIFEST);
    const refused = await init(folder, ['--tables', 'orders', '--docker'], { ask: answering('n').ask });
    expect(refused).toMatchObject({ code: 1, errors: [expect.stringMatching(/^NOT_CONFIRMED: /)] });
    expect(await init(folder, ['--tables', 'orders'])).toMatchObject({ code: 1, errors: refused.errors });
    expect(await init(folder, ['--tables', 'orders', '--dry-run'])).toMatchObject({ code: 0 });
    expect(await contentsOf(folder)).toEqual(MANIFEST);
  });

  it('keeps what there is, and says which lines of another table belong where', async () => {
    const folder = await projectWith(MANIFEST);
    await init(folder, ['--tables', 'orders', '--yes']);
    const before = await contentsOf(folder);
    const { lines } = await init(folder, ['--tables', 'events', '--yes']);
    expect(lines).toEqual(
      expect.arrayContaining([
        'kept     walmq.config.ts: it exists and differs; --force replaces it',
        'create   src/workers/events.ts',
        '  Add to walmq.config.ts:',
        "    in queues:   events: { table: 'events' },",
        "    in workers:  events: 'src/workers/events.ts',",
      ]),
    );
    expect(await contentsOf(folder)).toMatchObject(before);
    await init(folder, ['--tables', 'events', '--yes', '--force']);
    expect((await contentsOf(folder))['walmq.config.ts']).toContain("events: { table: 'events' }");
  });

  it('writes an example whose types are those of its schema', async () => {
    const folder = await projectWith(MANIFEST);
    const { code, lines } = await init(folder, ['--example', '--yes'], {}, {});
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}npx walmq sql "INSERT INTO orders .*first effect$/),
    );
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('CREATE DATABASE example');
    await client.end();
    const url = Object.assign(new URL(postgres.url), { pathname: '/example' }).href;
    const written = await contentsOf(folder);
    const configured = { DATABASE_URL: url, WALMQ_CONFIG: join(folder, 'walmq.config.ts') };
    // Twice, as "walmq dev" does.
    for (const _ of [1, 2])
      expect(await walmq(['sql', '--', written['schema.sql'] as string], configured)).toMatchObject({
        code: 0,
      });
    await walmq(['sql', 'ALTER TABLE orders REPLICA IDENTITY FULL'], configured);
    const types = await walmq(['types', '--out', join(folder, 'src/walmq-tables.ts')], configured);
    expect(types.lines).toEqual([expect.stringMatching(/1 table, as they were$/)]);
    expect(JSON.parse(written['package.json'] as string)).toMatchObject({
      devDependencies: { '@walmq/embedded': expect.any(String) },
    });
  });

  it('finds DATABASE_URL in the file .env, and needs none for tables that are still to come', async () => {
    const { DATABASE_URL: url, ...bare } = env;
    const prisma = await projectWith({ ...MANIFEST, '.env': `DATABASE_URL="${url}?schema=public"\n` });
    expect(await init(prisma, ['--tables', 'orders', '--yes'], {}, bare)).toMatchObject({ code: 0 });
    expect((await contentsOf(prisma))['src/walmq-tables.ts']).toContain("status: 'open' | 'closed'");
    const new_ = await projectWith(MANIFEST);
    const { code, lines } = await init(new_, ['--tables', 'payments', '--yes'], {}, bare);
    expect(code).toBe(0);
    expect(lines).toContainEqual(expect.stringMatching(/provisional.*npx walmq types/));
  });

  describe('refuses', () => {
    const orders = ['--tables', 'orders', '--yes'];
    it.each([
      ['a folder without package.json', 1, {}, orders, /^PROJECT_MISSING: .*--create/],
      [
        'a package.json that is none',
        1,
        { 'package.json': '{,}' },
        orders,
        /^PROJECT_UNREADABLE: .*package\.json/,
      ],
      [
        'scripts that are none',
        1,
        { 'package.json': '{"scripts":[]}' },
        orders,
        /^PROJECT_UNREADABLE: .*"scripts"/,
      ],
      [
        'an unknown table',
        1,
        MANIFEST,
        ['--tables', 'order', '--yes'],
        /^TABLE_MISSING: .*Did you mean "orders"/,
      ],
      ['a partition', 1, MANIFEST, ['--tables', 'events_1', '--yes'], /^TABLE_MISSING: /],
      ['no table among several', 1, MANIFEST, ['--yes'], /^OPTION_MISSING: the database has 4 tables/],
      ['no table and no database', 1, MANIFEST, ['--no-database', '--yes'], /^OPTION_MISSING: .*--tables/],
      ['what is no name', 1, MANIFEST, ['--tables', 'a b', '--yes'], /^OPTION_INVALID: "a b"/],
      [
        'bullmq 5',
        1,
        { 'package.json': '{"dependencies":{"bullmq":"^5.1.0"}}' },
        orders,
        /^BULLMQ_UNFIT: .*\^5\.1\.0.*--keep-bullmq/,
      ],
      ['an unknown package manager', 2, MANIFEST, [...orders, '--package-manager', 'bun'], /npm, pnpm, yarn/],
      [
        'a server that is not there',
        1,
        MANIFEST,
        [...orders, '--database-url', 'postgres://u@127.0.0.1:1/x'],
        /^DATABASE_UNREACHABLE: .*--no-database/,
      ],
      [
        'a folder src/workers that is a file',
        1,
        { ...MANIFEST, 'src/workers': 'x' },
        orders,
        /^PROJECT_NOT_WRITABLE: .*Nothing was changed/,
      ],
      [
        'a folder that is a file',
        1,
        { ...MANIFEST, '.gitignore/x': 'x' },
        orders,
        /^PROJECT_UNREADABLE: .*\.gitignore.*EISDIR/,
      ],
    ])('%s', async (_, code, files, args, error) => {
      const folder = await projectWith(files as Record<string, string>);
      const before = await contentsOf(folder);
      const ended = await init(folder, args);
      expect(ended.code).toBe(code);
      expect(ended.errors.join('\n')).toMatch(error);
      expect(await contentsOf(folder)).toEqual(before);
    });

    it('a missing DATABASE_URL', async () => {
      const folder = await projectWith(MANIFEST);
      const ended = await init(folder, ['--yes'], {}, {});
      expect(ended).toMatchObject({
        code: 1,
        errors: [expect.stringMatching(/^ENVIRONMENT_INVALID: DATABASE_URL .*--tables/)],
      });
      expect(await contentsOf(folder)).toEqual(MANIFEST);
    });
  });

  it('leaves whole files when the registry cannot be reached, and says how to go on', async () => {
    const folder = await projectWith(MANIFEST);
    const offline = { ...env, npm_config_registry: 'http://127.0.0.1:1', npm_config_fetch_retries: '0' };
    // Not in the repository's folder of modules: npm would find walmq there.
    const args = ['init', folder, '--tables', 'orders', '--yes', '--package-manager', 'npm'];
    const { code, errors } = await walmq(args, offline);
    expect(code).toBe(1);
    expect(errors.join('\n')).toMatch(
      /^INSTALL_FAILED: "npm install" failed.*ECONNREFUSED.*run: npm install$/s,
    );
    expect(Object.keys(await contentsOf(folder))).toEqual(
      expect.arrayContaining(['walmq.config.ts', 'package.json']),
    );
    // The same command continues: nothing is left to write, and the installation is tried again.
    const again = await walmq(args, offline);
    expect(again.errors.join('\n')).toMatch(/^INSTALL_FAILED: /);
    expect(again.lines).toContain('Nothing to write: the project has it all.');
  });

  it('goes on when pnpm has installed all and asks about build scripts', async () => {
    const folder = await projectWith(MANIFEST);
    // Stands in for pnpm 12, and ends as that one does.
    const standIn = join(await projectWith({}), 'pnpm');
    await writeFile(standIn, '#!/bin/sh\necho "Error: ERR_PNPM_IGNORED_BUILDS"; exit 1\n', { mode: 0o755 });
    const path = `${dirname(standIn)}${delimiter}${process.env.PATH}`;
    const args = ['init', folder, '--tables', 'orders', '--yes', '--package-manager', 'pnpm'];
    const { code, errors, lines } = await walmq(args, { ...env, PATH: path });
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.join('\n')).toMatch(/By hand:.*"pnpm approve-builds"/s);
  });
});
