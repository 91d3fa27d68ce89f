import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { shardPrefixes } from '@walmq/config';
import type { EmbeddedServer } from '@walmq/embedded';
import type { Act, ServerName } from '../plan/round.js';
import { withClient } from '../run/servers.js';
import type { World } from '../run/world.js';

type ServerAct = Extract<
  Act,
  { kind: 'server-kill' | 'server-restart' | 'server-stop' | 'failover' | 'disk-full' }
>;

const ANSWER_MS = 20_000;

/** Disturbs a server. Resolves when it, or its successor, answers again. */
export async function disturbServer({ kind, server, forMs }: ServerAct, world: World): Promise<void> {
  switch (kind) {
    case 'server-kill': {
      const hit = await serverOf(server, world);
      await hit.kill('SIGKILL');
      return await hit.restart();
    }
    case 'server-restart':
      return await (await serverOf(server, world)).restart();
    case 'server-stop':
      return await suspend((await serverOf(server, world)).pid, forMs);
    case 'failover':
      return server === 'postgres'
        ? await world.servers.failOverPostgres(world.name)
        : await world.servers.redis.failOver(shardKey(world));
    case 'disk-full':
      return await fillDisk(server, world, forMs);
  }
}

/** A key of the first shard: in a cluster, it names the node. */
export function shardKey({ config }: World): string {
  return `${shardPrefixes(config.redis)[0]}:any`;
}

async function serverOf(server: ServerName, world: World): Promise<EmbeddedServer> {
  return server === 'postgres' ? world.servers.postgres : await world.servers.redis.holderOf(shardKey(world));
}

/** Stops a server with all its processes. The main process first: then it makes no new ones. */
async function suspend(pid: number, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => ''))
    .split(' ')
    .filter(text => text !== '')
    .map(Number);
  const signal = (name: NodeJS.Signals) => {
    for (const child of children)
      try {
        process.kill(child, name);
      } catch {
        // It has ended meanwhile.
      }
  };
  signal('SIGSTOP');
  await delay(forMs);
  signal('SIGCONT');
  process.kill(pid, 'SIGCONT');
}

/** A server that has given itself up for want of space is started again, as a supervisor does. */
async function fillDisk(server: ServerName, world: World, forMs: number): Promise<void> {
  const disk = world.servers.disk(server);
  if (disk === undefined) return;
  await disk.fill();
  await delay(forMs);
  await disk.empty();
  const hit = await serverOf(server, world);
  const deadline = Date.now() + ANSWER_MS;
  while (!(await answers(server, world))) {
    if (!isAlive(hit.pid) || Date.now() > deadline) return await hit.restart();
    await delay(20);
  }
}

async function answers(server: ServerName, world: World): Promise<boolean> {
  const asked =
    server === 'postgres'
      ? withClient(world.databaseUrl(), client => client.query('SELECT 1'))
      : Promise.race([world.client.redis.ping(), delay(500).then(() => Promise.reject(new Error('late')))]);
  return await asked.then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
