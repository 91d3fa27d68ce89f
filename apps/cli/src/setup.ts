import { publishedTables } from '@walmq/config';
import { setUp } from '@walmq/replication';
import { shopSchemaSql } from '@walmq/shop';
import { workerSchemaSql } from '@walmq/worker';
import { type CommandIo, configOf, databaseUrlOf, withDatabase } from './command.js';

/** `walmq setup`: prepares the database for the configured queues; prints what it found and did. */
export async function setupCommand(io: CommandIo, options: { shop?: boolean }): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    if (options.shop) {
      await client.query(shopSchemaSql);
      io.print("done  the shop's tables");
    }
    await client.query(workerSchemaSql);
    io.print('done  tables of the worker kit in schema walmq');
    const steps = await setUp(client, {
      slot: config.source.slot,
      publication: config.source.publication,
      tables: publishedTables(config),
    });
    for (const { what, sql } of steps) io.print(sql === undefined ? `ok    ${what}` : `done  ${what}`);
  });
}
