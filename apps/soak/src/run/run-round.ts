import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '@walmq/change';
import type { Watchdog } from '@walmq/supervise';
import { check } from '../check/check.js';
import { gatherFacts } from '../check/gather.js';
import { type Done, perform } from '../faults/perform.js';
import { startLoad } from '../load/writers.js';
import { nameOf } from '../plan/acts.js';
import { queuesOf, topologyName } from '../plan/plan.js';
import type { Act, Round } from '../plan/round.js';
import { type Observer, observe } from './observe.js';
import { startPrograms } from './programs.js';
import { untilAcknowledged } from './quiesce.js';
import { type Recovery, recovered } from './recovery.js';
import { type Servers, withClient } from './servers.js';
import { settleFailures } from './settle-failures.js';
import { makeWorld, removeWorld, type World } from './world.js';

/** The result of a round, as the file of results has it: one line of JSON. */
export interface RoundResult {
  readonly seed: number;
  readonly topology: string;
  readonly startedAt: string;
  readonly ms: number;
  /** Committed changes that the triggers logged. */
  readonly changes: number;
  /** Jobs that were compared, of all queues. */
  readonly jobs: number;
  readonly effects: number;
  /** Comparisons of the slot with the checkpoints. */
  readonly looks: number;
  /** Names of all acts, in their order. */
  readonly acts: readonly string[];
  /** Those of them that this machine does not allow: a small disk needs the right to mount. */
  readonly skipped: readonly string[];
  readonly recoveries: readonly Recovery[];
  /** Empty: the round has proven everything. */
  readonly faults: readonly string[];
}

export interface RunRoundOptions {
  readonly round: Round;
  readonly servers: Servers;
  readonly folder: string;
  readonly watchdog: Watchdog;
}

/** Sentences of one failed round that are kept. */
const MAX_FAULTS = 20;
/** Load before the first and after the last act. */
const LOAD_MS = 150;

/** Runs one round to its proof. Never rejects for what the round finds: the result has it as sentences. */
export async function runRound(options: RunRoundOptions): Promise<RoundResult> {
  const { round, servers, folder } = options;
  const startedAt = new Date();
  const world = await makeWorld(options);
  const recoveries: Recovery[] = [];
  let counted = { changes: 0, jobs: 0, effects: 0, looks: 0 };
  let faults: string[];
  try {
    const proof = await proveRound(world, recoveries);
    counted = proof;
    faults = proof.faults;
  } catch (error) {
    faults = [sentenceOf(error)];
  } finally {
    await world.fleet.killAll();
  }
  for (const network of servers.networks()) network.mend();
  if (faults.length === 0) await rm(folder, { recursive: true });
  await removeWorld(world);
  const { changes, jobs, effects, looks } = counted;
  return {
    seed: round.seed,
    topology: topologyName(round.topology),
    startedAt: startedAt.toISOString(),
    ms: Date.now() - startedAt.getTime(),
    changes,
    jobs,
    effects,
    looks,
    acts: round.steps.map(({ act }) => nameOf(act)),
    skipped: round.steps.filter(({ act }) => isImpossible(act, servers)).map(({ act }) => nameOf(act)),
    recoveries,
    faults: faults.slice(0, MAX_FAULTS),
  };
}

interface Proof {
  readonly changes: number;
  readonly jobs: number;
  readonly effects: number;
  readonly looks: number;
  readonly faults: string[];
}

async function proveRound(world: World, recoveries: Recovery[]): Promise<Proof> {
  const { round, config, databaseUrl, client: redis, name } = world;
  const done: Done = { cured: 0, backfilled: [] };
  await startPrograms(world, round);
  // A fault in the start of a process is drawn too: the successor of a killed one.
  await world.fleet.listening();
  const observer = observe({ client: redis, databaseUrl, slot: name, shards: round.shards });
  try {
    await loadWithFaults(world, done, recoveries);
    await untilAcknowledged(world);
    const discarded = await settleFailures(world, done);
    await world.fleet.stop();
    await observer.stop();
    const facts = await withClient(databaseUrl(), client =>
      gatherFacts({
        client,
        redis,
        discarded,
        prefixes: Object.fromEntries(Object.values(config.queues).map(queue => [queue.name, queue.prefix])),
        queues: queuesOf(round),
        backfilled: done.backfilled,
      }),
    );
    return {
      changes: facts.log.length,
      jobs: facts.jobs.length,
      effects: facts.effects.length + facts.acts.length,
      looks: observer.looks,
      faults: [...observed(observer), ...check(facts).map(({ what, sentence }) => `${what}: ${sentence}`)],
    };
  } finally {
    await observer.stop();
  }
}

async function loadWithFaults(world: World, done: Done, recoveries: Recovery[]): Promise<void> {
  const load = startLoad(world.round, world.databaseUrl);
  try {
    await delay(LOAD_MS);
    for (const { afterMs, act, settle } of world.round.steps) {
      await delay(afterMs);
      world.fleet.assertAlive();
      if (isImpossible(act, world.servers)) continue;
      await perform(act, world, done);
      if (settle) recoveries.push(await recovered(world, act, Date.now()));
    }
    await delay(LOAD_MS);
  } finally {
    await load.stop();
  }
}

function isImpossible(act: Act, servers: Servers): boolean {
  return act.kind === 'disk-full' && servers.disk(act.server) === undefined;
}

/** A slot that is ahead once is ahead in many looks. */
function observed({ faults }: Observer): string[] {
  return faults.length === 0 ? [] : [`ahead: ${faults[0]} (seen ${faults.length} times)`];
}

function sentenceOf(error: unknown): string {
  if (error instanceof CodedError) return error.sentence;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
