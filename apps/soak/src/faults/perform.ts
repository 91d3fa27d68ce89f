import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { queuesOf } from '../plan/plan.js';
import type { Act } from '../plan/round.js';
import { TABLES } from '../run/config.js';
import { clockFile, runWalmq } from '../run/programs.js';
import type { RedisClient } from '../run/redis-servers.js';
import { withClient } from '../run/servers.js';
import type { World } from '../run/world.js';
import { SoakError } from '../soak-error.js';
import { CURE_GROUPS } from '../work/fate.js';
import { disturbNetwork } from './disturb-network.js';
import { disturbServer, shardKey } from './disturb-server.js';

/** What the acts of a round have done that the checker must know. */
export interface Done {
  /** Number of groups of failing changes whose cause is removed. */
  cured: number;
  readonly backfilled: { readonly queue: string; readonly table: string }[];
}

const ATTEMPTS = 10;
const RETRY_MS = 200;

/** Performs one act. Resolves when the fault is over: the network is mended, the server answers, the process goes on. */
export async function perform(act: Act, world: World, done: Done): Promise<void> {
  const { fleet, servers, client } = world;
  switch (act.kind) {
    case 'kill':
      return await fleet.kill(act.role, act.which);
    case 'stop':
      fleet.signal(act.role, act.which, 'SIGSTOP');
      await delay(act.forMs);
      fleet.signal(act.role, act.which, 'SIGCONT');
      return;
    case 'clock':
      return await jump(world, act);
    case 'server-kill':
    case 'server-restart':
    case 'server-stop':
    case 'failover':
    case 'disk-full':
      return await disturbServer(act, world);
    case 'net-end':
    case 'net-reset':
    case 'net-half':
    case 'net-stall':
    case 'net-slow':
    case 'net-refuse':
      return await disturbNetwork(act, servers.network(act.role, act.server));
    case 'move-slot':
      return await servers.redis.moveSlot(shardKey(world));
    case 'memory-full':
      return await fillMemory(client, act.forMs);
    case 'script-flush':
      return void (await client.each(redis => redis.script('FLUSH')));
    case 'backends':
      return await withClient(servers.databaseUrl('postgres'), async postgres => {
        await postgres.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          world.name,
        ]);
      });
    case 'replay':
      return await replay(world, done);
    case 'backfill':
      return await backfill(world, done);
  }
}

/** Sets the clock of a process, and back. */
async function jump(
  { folder, fleet }: World,
  { role, which, jumpMs, forMs }: Extract<Act, { kind: 'clock' }>,
): Promise<void> {
  const path = join(folder, clockFile(fleet.nameOf(role, which)));
  await writeFile(path, String(jumpMs));
  await delay(forMs);
  await writeFile(path, '0');
}

async function fillMemory(client: RedisClient, forMs: number): Promise<void> {
  await client.each(async redis => {
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
    await redis.config('SET', 'maxmemory', Math.floor(used * 0.9));
  });
  await delay(forMs);
  await client.each(redis => redis.config('SET', 'maxmemory', 0));
}

/** Removes the cause of one group of failures, then replays everything that has failed. The other groups fail again. */
async function replay(world: World, done: Done): Promise<void> {
  await cure(world, done);
  await insist(world, ['replay', '--all']);
}

/** Removes the cause of the failures of the next group. */
export async function cure(world: World, done: Done): Promise<void> {
  if (done.cured >= CURE_GROUPS) return;
  await writeFile(join(world.folder, `cured-${done.cured}`), '');
  done.cured += 1;
}

async function backfill(world: World, done: Done): Promise<void> {
  const queues = queuesOf(world.round).filter(queue => queue !== 'events');
  const queue = queues[done.backfilled.length % queues.length];
  if (queue === undefined) return;
  const table = TABLES[queue][0] as string;
  await insist(world, ['backfill', '--queue', queue, '--table', table, '--chunk', '50']);
  done.backfilled.push({ queue, table });
}

/** Runs a command again until it succeeds: a server may just have come back. */
export async function insist(world: World, args: readonly string[]): Promise<string> {
  let said = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { ok, output } = await runWalmq(world, args);
    if (ok) return output;
    said = output;
    await delay(RETRY_MS);
  }
  throw new SoakError(
    'SOAK_COMMAND_FAILED',
    `walmq ${args.join(' ')} has failed ${ATTEMPTS} times:\n${said}`,
  );
}
