import {
  type EmbeddedPostgres,
  type EmbeddedRedis,
  embeddedPostgresMajor,
  startPostgres,
  startRedis,
} from '@walmq/embedded';
import { perverseRoleSql } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

describe('the command line on settings that it cannot work with', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(() => Promise.all([postgres.stop(), redis.stop()]));

  async function createWorld(name: string): Promise<CliWorld> {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: 'CREATE TABLE orders (id integer PRIMARY KEY, status text)',
      queues: { orders: { table: 'orders' }, audit: { table: 'orders' }, 'change-log': { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  it('sets up, checks and looks as a role on which every setting is at its worst', async () => {
    const world = await createWorld('cli_perverse');
    await world.client.query(`
      CREATE ROLE cli_perverse SUPERUSER LOGIN PASSWORD 'test';
      ${perverseRoleSql('cli_perverse', embeddedPostgresMajor())}`);
    const env = world.as('cli_perverse', 'test');
    const made = await walmq(['setup', '--audit', '--change-log'], env);
    expect(made.errors).toEqual([]);
    expect(made.code).toBe(0);
    expect((await walmq(['setup', '--dry-run'], env)).lines.filter(line => !line.startsWith('ok'))).toEqual(
      [],
    );
    const { checks } = await world.doctor(env);
    expect(checks.filter(({ status }) => status === 'error').map(({ found }) => found)).toEqual([]);
    const readOnly = checks.find(({ check }) => check === 'read-only');
    expect(readOnly).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('ALTER ROLE "cli_perverse" RESET default_transaction_read_only;'),
    });
    const { lines } = await walmq(['status', '--json'], env);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      database: { reachable: true, slot: { name: 'cli_perverse' } },
    });
  });
});
