import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld } from './cli-fixture.js';

const SCHEMA = `CREATE TYPE status AS ENUM ('open', 'closed');
  CREATE TABLE orders (id integer PRIMARY KEY, status status NOT NULL, note text, total integer NOT NULL);
  ALTER TABLE orders REPLICA IDENTITY FULL;
  CREATE TABLE items (id integer PRIMARY KEY);
  ALTER TABLE items REPLICA IDENTITY FULL;`;
const QUEUES = { orders: { table: 'orders' }, items: { table: 'items' } };

/** In the project, where what the written file imports is found. */
const CACHE = join(import.meta.dirname, '../../../.cache');

describe('walmq types', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function world(name: string, queues: Record<string, { table: string }> = QUEUES) {
    const servers = { postgres, redis };
    const made = await CliWorld.create(servers, name, { schema: SCHEMA, queues });
    await mkdir(CACHE, { recursive: true });
    const folder = await mkdtemp(join(CACHE, 'types-'));
    onTestFinished(async () => {
      await made[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });
    return { made, client: made.client, file: join(folder, 'generated/tables.ts') };
  }

  it('writes a file, leaves it alone when there is nothing new, and finds no drift in it', async () => {
    const { made, file } = await world('types_written');
    expect(await made.run('types', '--out', file)).toMatchObject({
      code: 0,
      lines: [`done     ${file}: 2 tables`],
      errors: [],
    });
    expect(await readFile(file, 'utf8')).toContain("  status: 'open' | 'closed';");
    expect(await made.run('types', '--out', file)).toMatchObject({
      code: 0,
      lines: [`ok       ${file}: 2 tables, as they were`],
    });
    expect(await made.run('types', '--out', file, '--check')).toMatchObject({
      code: 0,
      lines: [`ok       ${file}: nothing has drifted`],
    });
  });

  it('says table by table and column by column what has drifted, and leaves the file as it is', async () => {
    const { made, client, file } = await world('types_drifted');
    await made.run('types', '--out', file);
    const written = await readFile(file, 'utf8');
    await client.query(`ALTER TABLE orders DROP COLUMN note, ADD COLUMN paid boolean, ALTER COLUMN total DROP NOT NULL;
      ALTER TYPE status ADD VALUE 'returned'; ALTER TABLE items ALTER COLUMN id TYPE bigint;
      ALTER TABLE items REPLICA IDENTITY DEFAULT`);
    const { code, lines, errors } = await made.run('types', '--out', file, '--check');
    expect(code).toBe(1);
    expect(lines).toEqual([
      'drifted  items no longer has REPLICA IDENTITY FULL',
      'drifted  items.id is bigint, was integer',
      'drifted  orders.status is enum (open, closed, returned), was enum (open, closed)',
      'drifted  orders.note is gone',
      'drifted  orders.total may be null now',
      'drifted  orders.paid is new',
    ]);
    expect(errors).toEqual([`Run "walmq types --out ${file}" and see to the code that no longer compiles.`]);
    expect(await readFile(file, 'utf8')).toBe(written);
  });

  it('takes a file as it is formatted, but not with code of another hand', async () => {
    const { made, client, file } = await world('types_formatted');
    await made.run('types', '--out', file);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll("'", '"').replaceAll('  ', '\t').replaceAll(';\n', '\n'));
    expect(await made.run('types', '--out', file, '--check')).toMatchObject({ code: 0 });
    await writeFile(file, text.replace('note: string | null', 'note: string'));
    expect(await made.run('types', '--out', file, '--check')).toMatchObject({
      code: 1,
      lines: [`drifted  ${file}: comments, SQL types or code that is not as it was written`],
    });
    await writeFile(file, text);
    await client.query("COMMENT ON TABLE orders IS 'What was ordered'");
    expect(await made.run('types', '--out', file, '--check')).toMatchObject({ code: 1 });
  });

  it('prints the model for a program', async () => {
    const { made } = await world('types_json', { items: { table: 'items' } });
    const { code, lines } = await made.run('types', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(lines.join('\n'))).toEqual([
      {
        schema: 'public',
        table: 'items',
        comment: null,
        oldRow: 'whole',
        key: ['id'],
        columns: [
          {
            name: 'id',
            sqlType: 'integer',
            type: 'integer',
            nullable: false,
            optional: false,
            comment: null,
          },
        ],
      },
    ]);
  });

  it('says in one sentence what is missing', async () => {
    const { made, file } = await world('types_missing', { items: { table: 'items' }, it: { table: 'it' } });
    expect(await made.run('types', '--out', file)).toMatchObject({
      code: 1,
      errors: [expect.stringMatching(/^TABLE_MISSING: the database has no table public\.it\. Create it/)],
    });
    const { made: other, file: absent } = await world('types_absent');
    expect(await other.run('types', '--out', absent, '--check')).toMatchObject({
      code: 1,
      errors: [`${absent} is missing: write it with "walmq types --out ${absent}".`],
    });
    await other.run('types', '--out', absent);
    await writeFile(absent, 'export const tables = 1;');
    expect(await other.run('types', '--out', absent, '--check')).toMatchObject({
      code: 1,
      errors: [expect.stringMatching(/^TYPES_UNREADABLE: .*Write the file again/)],
    });
  });
});
