import { appendFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWatchdog } from '@walmq/supervise';
import { planRound, seedsOf, topologyName } from '../plan/plan.js';
import { printRound } from '../plan/print-round.js';
import type { Round } from '../plan/round.js';
import { readResults } from '../report/read-results.js';
import { type RoundResult, runRound } from '../run/run-round.js';
import { type Servers, startServers } from '../run/servers.js';
import type { SoakArguments } from './arguments.js';

/** The rounds that the arguments name, those of one topology one after the other. */
export function roundsOf({ only, seed, rounds, kinds }: SoakArguments): Round[] {
  const seeds = only.length > 0 ? only : seedsOf(seed, rounds);
  const planned = seeds.map(each => planRound(each, kinds));
  return planned.sort((a, b) => topologyName(a.topology).localeCompare(topologyName(b.topology)));
}

/** Runs the rounds and resolves to the results, those that the file has included. */
export async function runRounds(args: SoakArguments, print: (line: string) => void): Promise<RoundResult[]> {
  const rounds = roundsOf(args);
  const former = await readResults(args.file);
  const known = new Map(former.map(result => [result.seed, result]));
  const results = rounds.flatMap(({ seed }) => known.get(seed) ?? []);
  const queue = rounds.filter(({ seed }) => !known.has(seed));
  if (results.length > 0) print(`${results.length} of ${rounds.length} rounds are in ${args.file}`);
  const base = join(tmpdir(), `walmq-soak-${process.pid}`);
  await mkdir(base, { recursive: true });
  // The servers' small disks must be unmounted, which only an orderly end does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      print(`${signal}: ends after the rounds that run now; the same signal again ends at once`);
      queue.length = 0;
    });
  const lane = async (number: number) => {
    let servers: Servers | undefined;
    const watchdog = await startWatchdog({ endSignal: 'KILL' });
    try {
      for (let round = queue.shift(); round !== undefined; round = queue.shift()) {
        if (servers && (servers.usedUp || topologyName(servers.topology) !== topologyName(round.topology))) {
          await servers.stop();
          servers = undefined;
        }
        servers ??= await startServers(round.topology);
        const folder = join(base, `round-${round.seed}`);
        const result = await runRound({ round, servers, folder, watchdog });
        results.push(result);
        if (args.file) await appendFile(args.file, `${JSON.stringify(result)}\n`);
        print(lineOf(result, results.length, rounds.length, number));
        if (result.faults.length > 0) {
          print(printRound(round));
          for (const fault of result.faults) print(`  FAULT ${fault}`);
          print(`  logs: ${folder}; again: ${replayCommand(round, args)}`);
          // Faults of a lane's servers must not follow into the next round.
          await servers.stop();
          servers = undefined;
        }
      }
    } finally {
      await servers?.stop();
      await watchdog.finish();
    }
  };
  await Promise.all(Array.from({ length: args.parallel }, (_, number) => lane(number + 1)));
  return results;
}

function lineOf(result: RoundResult, count: number, of: number, lane: number): string {
  const { seed, changes, jobs, effects, ms, faults, acts } = result;
  const verdict = faults.length === 0 ? 'ok' : 'FAILED';
  return `${count}/${of} [${lane}] ${seed} ${verdict} ${(ms / 1000).toFixed(1)} s: ${changes} changes, ${jobs} jobs, ${effects} effects; ${acts.join(', ')}`;
}

function replayCommand({ seed }: Round, { kinds }: SoakArguments): string {
  const all = planRound(seed);
  const own = planRound(seed, kinds);
  const faults =
    JSON.stringify(all) === JSON.stringify(own) ? '' : ` --faults ${[...new Set(kinds)].join(',')}`;
  return `npm run soak -- --round ${seed}${faults}`;
}
