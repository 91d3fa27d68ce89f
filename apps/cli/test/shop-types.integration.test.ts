import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walmq } from './cli-fixture.js';

const ROOT = join(import.meta.dirname, '../../..');

describe("the shop's row types", () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('are those of the schema that setup makes for the configured queues', async () => {
    const env = { DATABASE_URL: postgres.url, WALMQ_CONFIG: join(ROOT, 'walmq.config.ts') };
    expect(await walmq(['setup', '--shop'], env)).toMatchObject({ code: 0, errors: [] });
    const file = join(ROOT, 'packages/shop/src/walmq-tables.ts');
    expect(await walmq(['types', '--check', '--out', file], env)).toEqual({
      code: 0,
      lines: [`ok       ${file}: nothing has drifted`],
      errors: [],
    });
  });
});
