import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  eventually,
  perverseRoleSql,
  type Servers,
  startApp,
  startServers,
  stopServers,
  writeConfig,
} from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, expect, it } from 'vitest';

const APPS = join(import.meta.dirname, '../..');

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => stopServers(servers));

it.each([
  ['audit-worker', '--audit', 'SELECT count(*)::int AS count FROM walmq.audit'],
  ['change-log-worker', '--change-log', 'SELECT count(*)::int AS count FROM walmq.change_log'],
])('%s keeps changes as a role on which every setting is perverse', async (app, option, counted) => {
  const name = app.replace(/-.*/, '_role');
  const queues = { kept: { table: 'orders' } };
  await using world = await WorkerWorld.create(servers, name, {
    queues,
    schema: 'CREATE TABLE orders (id int PRIMARY KEY)',
  });
  const env = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: servers.redis.url,
    WALMQ_CONFIG: await writeConfig({
      source: { slot: name },
      redis: { prefix: world.prefix },
      queues: { [app.replace('-worker', '')]: { tables: ['orders'] } },
    }),
  };
  await promisify(execFile)(process.execPath, [join(APPS, 'cli/bin/walmq.js'), 'setup', option], { env });
  const [{ version } = { version: 0 }] = await world.rows<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  await world.rows(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD 'test'`);
  for (const statement of perverseRoleSql(name, version).split('\n')) await world.rows(statement);
  const url = Object.assign(new URL(world.databaseUrl), { username: name, password: 'test' });
  const capture = startApp(join(APPS, 'capture'), env);
  const worker = startApp(join(APPS, app), { ...env, DATABASE_URL: url.href });
  await Promise.all([capture.url(), worker.url()]);
  await world.rows('INSERT INTO orders SELECT generate_series(1, 20)');
  await eventually(async () => expect(await world.rows(counted)).toEqual([{ count: 20 }]));
  expect(await worker.end('SIGTERM')).toBe('exit 0');
  expect(await capture.end('SIGTERM')).toBe('exit 0');
});
