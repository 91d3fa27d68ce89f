import type { Random } from './random.js';
import type { Act, ActKind, Role, ServerName, Step, Topology } from './round.js';

/** Every kind of fault and operation. A kind that stands twice is drawn twice as often. */
export const ACT_KINDS: readonly ActKind[] = [
  'kill',
  'kill',
  'stop',
  'server-kill',
  'server-restart',
  'server-stop',
  'failover',
  'failover',
  'move-slot',
  'disk-full',
  'disk-full',
  'memory-full',
  'net-end',
  'net-reset',
  'net-stall',
  'net-half',
  'net-slow',
  'net-refuse',
  'script-flush',
  'backends',
  'clock',
  'replay',
  'backfill',
];

/** What an act is aimed at. Which fields there are depends on its kind. */
interface Aim {
  readonly role?: Role;
  readonly server?: ServerName;
}

const ROLES: readonly Aim[] = [{ role: 'capture' }, { role: 'worker' }];
const NOWHERE: readonly Aim[] = [{}];

/** How many processes there are to be hit. */
export interface Running {
  readonly captures: number;
  readonly processes: number;
}

export interface StepOptions {
  readonly random: Random;
  readonly kinds: readonly ActKind[];
  readonly topology: Topology;
  readonly running: Running;
}

export function planStep({ random, kinds, topology, running }: StepOptions): Step {
  const possible = kinds.filter(kind => aimsOf(kind, topology).length > 0);
  // A topology may have none of the given kinds. Its rounds then kill processes.
  const kind = possible.length > 0 ? random.one(possible) : 'kill';
  const act = planAct(random, kind, random.one(aimsOf(kind, topology)), running);
  return { afterMs: random.between(20, 300), act, settle: random.chance(0.7) };
}

/** What a kind can hit in a topology. Empty: nothing. */
function aimsOf(kind: ActKind, { postgres, redis, disk }: Topology): readonly Aim[] {
  const alone: Aim[] = [];
  if (postgres === 'single') alone.push({ server: 'postgres' });
  if (redis === 'single') alone.push({ server: 'redis' });
  const replicated: Aim[] = [];
  if (postgres === 'standby') replicated.push({ server: 'postgres' });
  if (redis !== 'single') replicated.push({ server: 'redis' });
  const networks = ROLES.flatMap(role => [
    { ...role, server: 'postgres' as const },
    ...(redis === 'single' ? [{ ...role, server: 'redis' as const }] : []),
  ]);
  switch (kind) {
    case 'kill':
    case 'stop':
    case 'clock':
      return ROLES;
    case 'server-kill':
    case 'server-restart':
      return alone;
    // A primary that the sentinels have replaced while it was stopped takes writes for a moment when it goes on.
    case 'server-stop':
      return [{ server: 'postgres' }, ...(redis === 'single' ? [{ server: 'redis' as const }] : [])];
    case 'failover':
      return replicated;
    case 'move-slot':
      return redis === 'cluster' ? NOWHERE : [];
    case 'disk-full':
      return disk === 'small' ? alone : [];
    case 'net-end':
    case 'net-reset':
    case 'net-stall':
    case 'net-half':
    case 'net-slow':
    case 'net-refuse':
      return networks;
    case 'memory-full':
    case 'script-flush':
    case 'backends':
    case 'replay':
    case 'backfill':
      return NOWHERE;
  }
}

function planAct(random: Random, kind: ActKind, aim: Aim, running: Running): Act {
  const { role = 'capture', server = 'postgres' } = aim;
  const forMs = random.between(50, 900);
  const which = random.between(0, (role === 'capture' ? running.captures : running.processes) - 1);
  switch (kind) {
    case 'kill':
      return { kind, role, which, forMs: 0 };
    case 'stop':
      return { kind, role, which, forMs: random.chance(0.3) ? forMs + 1500 : forMs };
    case 'clock':
      return { kind, role, which, forMs, jumpMs: random.between(-15_000, 15_000) };
    case 'server-kill':
    case 'server-restart':
    case 'failover':
      return { kind, server, forMs: 0 };
    case 'server-stop':
    case 'disk-full':
      return { kind, server, forMs };
    case 'net-end':
    case 'net-reset':
    case 'net-half':
      return { kind, role, server, forMs: 0 };
    case 'net-stall':
    case 'net-slow':
    case 'net-refuse':
      return { kind, role, server, forMs };
    case 'memory-full':
      return { kind, forMs };
    case 'move-slot':
    case 'script-flush':
    case 'backends':
    case 'replay':
    case 'backfill':
      return { kind, forMs: 0 };
  }
}

/** The name under which the report groups an act. */
export function nameOf(act: Act): string {
  const parts: string[] = [act.kind];
  if ('role' in act) parts.push(act.role);
  if ('server' in act) parts.push(act.server);
  return parts.join(' ');
}
