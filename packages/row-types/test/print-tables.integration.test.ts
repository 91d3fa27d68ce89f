import { type EmbeddedPostgres, embeddedPostgresMajor, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printTables } from '../src/print-tables.js';
import { readTables } from '../src/read-tables.js';
import { SAMPLE_TABLES, sampleSchemaSql } from './sample-fixture.js';

const major = embeddedPostgresMajor();

describe('the types of tables in a database', () => {
  let postgres: EmbeddedPostgres;
  let client: Client;
  beforeAll(async () => {
    postgres = await startPostgres();
    client = new Client(postgres.url);
    await client.connect();
    await client.query(sampleSchemaSql);
  });
  afterAll(async () => {
    await client.end();
    await postgres.stop();
  });
  beforeEach(async () => {
    await client.query('DROP PUBLICATION IF EXISTS sample');
  });

  const read = (tables = SAMPLE_TABLES) => readTables(client, { tables, publication: 'sample' });

  /** The columns of one table, described. */
  async function columnsOf(table: string): Promise<string[]> {
    const [model] = await read([{ schema: 'public', table }]);
    return (model?.columns ?? []).map(({ name, nullable }) => `${name}${nullable ? '?' : ''}`);
  }

  it('are written as the sample is, which is compiled, linted and used', async () => {
    await expect(printTables(await read())).toMatchFileSnapshot('sample-tables-fixture.ts');
  });

  it('are the same in whatever order the tables are asked for', async () => {
    expect(printTables(await read([...SAMPLE_TABLES].reverse()))).toBe(printTables(await read()));
  });

  it.runIf(major >= 18)(
    'hold generated columns only where the publication says that it sends them',
    async () => {
      await client.query('CREATE PUBLICATION sample FOR TABLE sums');
      expect(await columnsOf('sums')).toEqual(['id', 'a']);
      await client.query('ALTER PUBLICATION sample SET (publish_generated_columns = stored)');
      expect(await columnsOf('sums')).toEqual(['id', 'a', 'twice?']);
    },
  );

  it.runIf(major >= 15)("hold the columns of the publication's column list, and no others", async () => {
    await client.query('CREATE PUBLICATION sample FOR TABLE docs (id, body)');
    expect(await columnsOf('docs')).toEqual(['id', 'body?']);
  });

  it.runIf(major >= 18)('do not trust a NOT NULL that older rows may break', async () => {
    await client.query(`CREATE TABLE late (id integer PRIMARY KEY, a integer, b integer NOT NULL);
      ALTER TABLE late ADD CONSTRAINT a_is_there NOT NULL a NOT VALID`);
    expect(await columnsOf('late')).toEqual(['id', 'a?', 'b']);
    await client.query('ALTER TABLE late VALIDATE CONSTRAINT a_is_there');
    expect(await columnsOf('late')).toEqual(['id', 'a', 'b']);
  });

  it('know no whole old row of a partitioned table while one partition sends none', async () => {
    await client.query(`CREATE TABLE events (id integer PRIMARY KEY, body text) PARTITION BY RANGE (id);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
      ALTER TABLE events REPLICA IDENTITY FULL`);
    const oldRow = async () => (await read([{ schema: 'public', table: 'events' }]))[0]?.oldRow;
    expect(await oldRow()).toBe('key');
    await client.query('ALTER TABLE events_1 REPLICA IDENTITY FULL');
    expect(await oldRow()).toBe('whole');
  });

  it('name every table that is missing, and what is no table', async () => {
    await client.query('CREATE VIEW seen AS SELECT 1 AS id');
    const wanted = ['docs', 'seen', 'nowhere'].map(table => ({ schema: 'public', table }));
    await expect(read(wanted)).rejects.toMatchObject({
      code: 'TABLE_MISSING',
      message: 'the database has no table public.seen, public.nowhere.',
    });
  });

  it('say that the catalog may not be read, where it was closed', async () => {
    await client.query('CREATE ROLE closed; REVOKE SELECT ON pg_attribute FROM PUBLIC; SET ROLE closed');
    try {
      await expect(read()).rejects.toMatchObject({ code: 'PRIVILEGE_MISSING' });
    } finally {
      await client.query('RESET ROLE; GRANT SELECT ON pg_attribute TO PUBLIC');
    }
  });
});
