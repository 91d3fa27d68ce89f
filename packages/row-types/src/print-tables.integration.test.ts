import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printTables } from './print-tables.js';
import { readTables } from './read-tables.js';
import { SAMPLE_TABLES, sampleSchemaSql } from './sample-fixture.js';

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

  const read = (tables = SAMPLE_TABLES) => readTables(client, { tables, publication: 'sample' });

  it('are written as the sample is, which is compiled, linted and used', async () => {
    await expect(printTables(await read())).toMatchFileSnapshot('sample-tables-fixture.ts');
  });

  it('are the same in whatever order the tables are asked for', async () => {
    expect(printTables(await read([...SAMPLE_TABLES].reverse()))).toBe(printTables(await read()));
  });
});
