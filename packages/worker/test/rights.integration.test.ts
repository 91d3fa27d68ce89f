import { join } from 'node:path';
import { createPool } from '@walmq/postgres';
import { type Servers, startApp, startServers, stopServers, writeConfig } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRights, KIT_RIGHTS } from '../src/app/rights.js';
import { WorkerWorld } from './worker-fixture.js';

const APP = join(import.meta.dirname, '../../../apps/analytics-worker');
const QUEUES = { order_items: { table: 'order_items' } };

describe('a worker whose role lacks a right', () => {
  let servers: Servers;
  let world: WorkerWorld;
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'rights', { queues: QUEUES });
    await world.pool.query(`CREATE ROLE "Limited" LOGIN PASSWORD 'test'`);
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  async function start(change: Partial<Pick<URL, 'username' | 'password' | 'pathname'>>) {
    const url = Object.assign(new URL(world.databaseUrl), { username: 'Limited', password: 'test' }, change);
    const app = startApp(APP, {
      DATABASE_URL: url.href,
      REDIS_URL: servers.redis.url,
      WALMQ_CONFIG: await writeConfig({ redis: { prefix: 'rights' }, queues: QUEUES }),
    });
    return { ended: await app.ended, output: app.output() };
  }

  it('ends with one sentence, and the statement in it is what is lacking', async () => {
    const { ended, output } = await start({});
    expect(ended).toBe('exit 1');
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toMatch(
      /PRIVILEGE_MISSING: role "Limited" lacks SELECT on walmq\.inbox, .*DELETE on walmq\.effects\./,
    );
    const grants = /\. (GRANT .*;)/.exec(output)?.[1] as string;
    await world.pool.query(grants);
    const granted = createPool({
      url: Object.assign(new URL(world.databaseUrl), { username: 'Limited', password: 'test' }).href,
      name: 'granted',
    });
    await expect(checkRights(granted, KIT_RIGHTS)).resolves.toBeUndefined();
    await granted.end();
    await world.pool.query('REVOKE DELETE ON walmq.effects FROM "Limited"');
    expect((await start({})).output).toContain(
      'role "Limited" lacks DELETE on walmq.effects. GRANT USAGE ON SCHEMA walmq TO "Limited"; GRANT DELETE ON walmq."effects" TO "Limited";',
    );
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'DATABASE_DENIED'],
    ['a missing database', { pathname: '/nowhere' }, 'DATABASE_MISSING'],
  ])('ends the same way for %s', async (_, change, code) => {
    const { ended, output } = await start(change);
    expect(ended).toBe('exit 1');
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain(code);
  });
});
