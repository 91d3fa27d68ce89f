import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { queuesOf } from '../plan/plan.js';
import type { Act } from '../plan/round.js';
import { TABLES } from '../run/config.js';
import { runWalmq } from '../run/programs.js';
import { withClient } from '../run/servers.js';
import type { World } from '../run/world.js';
import { SoakError } from '../soak-error.js';
import { CURE_GROUPS } from '../work/fate.js';

/** What the acts of a round have done that the checker must know. */
export interface Done {
  /** Number of groups of failing changes whose cause is removed. */
  cured: number;
  readonly backfilled: { readonly queue: string; readonly table: string }[];
}

const SLOW_MS = 30;
const ATTEMPTS = 10;
const RETRY_MS = 200;

/** Performs one act. Resolves when the fault is over: the network is mended, the server answers, the process goes on. */
export async function perform(act: Act, world: World, done: Done): Promise<void> {
  const { fleet, servers } = world;
  switch (act.kind) {
    case 'kill':
      return await fleet.kill(act.role, act.which);
    case 'stop':
      fleet.signal(act.role, act.which, 'SIGSTOP');
      await delay(act.forMs);
      fleet.signal(act.role, act.which, 'SIGCONT');
      return;
    case 'server-kill':
      await servers[act.server].kill('SIGKILL');
      return await servers[act.server].restart();
    case 'server-restart':
      return await servers[act.server].restart();
    case 'server-stop':
      return await suspend(servers[act.server].pid, act.forMs);
    case 'net-end':
    case 'net-reset':
      return servers.network(act.role, act.server).cut(act.kind === 'net-end' ? 'end' : 'reset');
    case 'net-half':
      return servers.network(act.role, act.server).lose('both');
    case 'net-stall':
    case 'net-slow':
    case 'net-refuse': {
      const network = servers.network(act.role, act.server);
      if (act.kind === 'net-stall') network.stall();
      else if (act.kind === 'net-slow') network.slow(SLOW_MS);
      else network.refuse();
      await delay(act.forMs);
      return network.mend();
    }
    case 'script-flush':
      return void (await world.redis.script('FLUSH'));
    case 'backends':
      return await withClient(servers.databaseUrl('postgres'), async client => {
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          world.name,
        ]);
      });
    case 'replay':
      return await replay(world, done);
    case 'backfill':
      return await backfill(world, done);
  }
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
