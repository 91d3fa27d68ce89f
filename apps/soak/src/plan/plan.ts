import { ACT_KINDS, planStep } from './acts.js';
import { type Random, randomFrom } from './random.js';
import {
  type ActKind,
  type ProcessPlan,
  QUEUES,
  type QueueName,
  type Round,
  type Topology,
  type WorkerPlan,
} from './round.js';

const MAX_WORKERS = 8;

/** The schedule of a round. Pure: the same seed and kinds give the same round, on every machine. */
export function planRound(seed: number, kinds: readonly ActKind[] = ACT_KINDS): Round {
  const random = randomFrom(seed);
  const captures = random.one([1, 1, 1, 2, 2, 3]);
  const processes = planProcesses(random);
  const topology = planTopology(random);
  const running = { captures, processes: processes.length };
  return {
    seed,
    topology,
    captures,
    processes,
    concurrency: random.one([1, 3, 10, 30]),
    // Only shards have a hash tag, without which a cluster spreads the keys of one script over its nodes.
    shards: random.between(topology.redis === 'cluster' ? 2 : 1, 3),
    durability: topology.redis === 'single' ? random.one(['fsync', 'fsync', 'memory']) : 'replicated',
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
    steps: Array.from({ length: random.between(3, 6) }, () => planStep({ random, kinds, topology, running })),
  };
}

/** The seeds of a run's rounds follow from the run's seed. */
export function seedsOf(runSeed: number, count: number): number[] {
  const random = randomFrom(runSeed);
  return Array.from({ length: count }, () => random.between(1, 2_000_000_000));
}

/** Most rounds have single servers: to replace those of a failover takes longer than a round. */
function planTopology(random: Random): Topology {
  const draw = random.next();
  if (draw < 0.1) return { postgres: 'standby', redis: 'single', disk: 'plain' };
  if (draw < 0.22) return { postgres: 'single', redis: 'sentinel', disk: 'plain' };
  if (draw < 0.34) return { postgres: 'single', redis: 'cluster', disk: 'plain' };
  if (draw < 0.46) return { postgres: 'single', redis: 'single', disk: 'small' };
  return { postgres: 'single', redis: 'single', disk: 'plain' };
}

/** Text of a topology: rounds with the same text share servers. */
export function topologyName({ postgres, redis, disk }: Topology): string {
  return `${postgres}/${redis}${disk === 'small' ? '/small disk' : ''}`;
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

/** The queues that have a worker in the round; the others are not configured. */
export function queuesOf(round: Pick<Round, 'processes'>): QueueName[] {
  return QUEUES.filter(queue =>
    round.processes.some(({ workers }) => workers.some(worker => worker.queue === queue)),
  );
}
