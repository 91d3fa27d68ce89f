import { type Random, randomFrom } from './random.js';
import {
  type Act,
  type ActKind,
  type ProcessPlan,
  QUEUES,
  type QueueName,
  type Role,
  type Round,
  type ServerName,
  type Step,
  type WorkerPlan,
} from './round.js';

/** Every kind of fault and operation. A kind that stands twice is drawn twice as often. */
export const ACT_KINDS: readonly ActKind[] = [
  'kill',
  'kill',
  'stop',
  'server-kill',
  'server-restart',
  'server-stop',
  'net-end',
  'net-reset',
  'net-stall',
  'net-half',
  'net-slow',
  'net-refuse',
  'script-flush',
  'backends',
  'replay',
  'backfill',
];

const ROLES: readonly Role[] = ['capture', 'worker'];
const SERVERS: readonly ServerName[] = ['postgres', 'redis'];
const MAX_WORKERS = 8;

/** The schedule of a round. Pure: the same seed and kinds give the same round, on every machine. */
export function planRound(seed: number, kinds: readonly ActKind[] = ACT_KINDS): Round {
  const random = randomFrom(seed);
  const captures = random.one([1, 1, 1, 2, 2, 3]);
  const processes = planProcesses(random);
  return {
    seed,
    topology: { postgres: 'single', redis: 'single' },
    captures,
    processes,
    concurrency: random.one([1, 3, 10, 30]),
    shards: random.between(1, 3),
    durability: random.chance(0.7) ? 'fsync' : 'memory',
    batchChanges: random.one([1, 5, 50, 500]),
    batchesInFlight: random.between(1, 4),
    load: {
      writers: random.between(1, 3),
      paceMs: random.one([10, 20, 40]),
      ddl: random.chance(0.5),
      truncate: random.chance(0.5),
    },
    failures: {
      retry: random.one([0, 0.02, 0.1]),
      late: random.one([0, 0.02]),
      postpone: random.one([0, 0.02]),
      final: random.one([0, 0, 0.005]),
      discard: random.one([0, 0.5]),
    },
    steps: Array.from({ length: random.between(3, 6) }, () =>
      planStep(random, kinds, { captures, processes: processes.length }),
    ),
  };
}

/** The seeds of a run's rounds follow from the run's seed. */
export function seedsOf(runSeed: number, count: number): number[] {
  const random = randomFrom(runSeed);
  return Array.from({ length: count }, () => random.between(1, 2_000_000_000));
}

/** Every queue has a worker in at least one process, and at most 8 workers run. */
function planProcesses(random: Random): ProcessPlan[] {
  const count = random.one([1, 2, 2, 3]);
  const batches = random.chance(0.6);
  const served: WorkerPlan[][] = Array.from({ length: count }, () => []);
  const place = (queue: QueueName) => {
    const workers = random.one(served);
    if (workers.some(worker => worker.queue === queue)) return;
    workers.push({ queue, batch: batches && queue !== 'docs' ? random.one([2, 20, 100]) : undefined });
  };
  const queues = QUEUES.filter(() => random.chance(0.75));
  if (queues.length === 0) queues.push('singles');
  for (const queue of queues) place(queue);
  const extra = random.between(0, MAX_WORKERS - queues.length);
  for (let n = 0; n < extra; n++) place(random.one(queues));
  return served.filter(workers => workers.length > 0).map(workers => ({ workers }));
}

function planStep(
  random: Random,
  kinds: readonly ActKind[],
  running: { readonly captures: number; readonly processes: number },
): Step {
  const act = planAct(random, random.one(kinds), running);
  return { afterMs: random.between(20, 300), act, settle: random.chance(0.7) };
}

function planAct(
  random: Random,
  kind: ActKind,
  running: { readonly captures: number; readonly processes: number },
): Act {
  const role = random.one(ROLES);
  const server = random.one(SERVERS);
  const forMs = random.between(50, 900);
  const which = random.between(0, (role === 'capture' ? running.captures : running.processes) - 1);
  switch (kind) {
    case 'kill':
      return { kind, role, which, forMs: 0 };
    case 'stop':
      return { kind, role, which, forMs: random.chance(0.3) ? forMs + 1500 : forMs };
    case 'server-kill':
    case 'server-restart':
      return { kind, server, forMs: 0 };
    case 'server-stop':
      return { kind, server, forMs };
    case 'net-end':
    case 'net-reset':
    case 'net-half':
      return { kind, role, server, forMs: 0 };
    case 'net-stall':
    case 'net-slow':
    case 'net-refuse':
      return { kind, role, server, forMs };
    case 'script-flush':
    case 'backends':
    case 'replay':
    case 'backfill':
      return { kind, forMs: 0 };
  }
}

/** The queues that have a worker in the round; the others are not configured. */
export function queuesOf(round: Pick<Round, 'processes'>): QueueName[] {
  return QUEUES.filter(queue =>
    round.processes.some(({ workers }) => workers.some(worker => worker.queue === queue)),
  );
}

/** The name under which the report groups an act. */
export function nameOf(act: Act): string {
  const parts: string[] = [act.kind];
  if ('role' in act) parts.push(act.role);
  if ('server' in act) parts.push(act.server);
  return parts.join(' ');
}
