import { WalmqError } from '@walmq/change';
import { loadConfig } from '@walmq/config';
import { openClient } from '@walmq/postgres';
import { shopSchemaSql } from './schema.js';
import { ShopError } from './shop-error.js';

/**
 * Makes the shop's tables in the database of the configuration, else of DATABASE_URL. Leaves every table that is there as
 * it is. Rejects with ENVIRONMENT_INVALID, with DATABASE_... as openClient does, and with SHOP_TABLES_FAILED.
 */
export async function makeTables(env: NodeJS.ProcessEnv): Promise<void> {
  const config = await loadConfig(env.WALMQ_CONFIG || undefined);
  const url = config.source.url ?? env.DATABASE_URL;
  if (!url)
    throw new WalmqError('ENVIRONMENT_INVALID', 'DATABASE_URL is not set.', {
      remedy: 'Set it to the database, e.g. DATABASE_URL=postgres://user@host:5432/shop',
    });
  const { client, close } = await openClient({ url, name: 'walmq shop', connectTimeoutMs: 10_000 });
  try {
    await client.query(shopSchemaSql);
  } catch (cause) {
    throw new ShopError(
      'SHOP_TABLES_FAILED',
      `the shop's tables cannot be made: ${(cause as Error).message}.`,
      {
        remedy: 'Let a role that may create tables in schema public and schemas in the database run it.',
        cause,
      },
    );
  } finally {
    await close();
  }
  console.log("done     create the shop's tables");
}
