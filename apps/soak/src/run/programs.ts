import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role, Round } from '../plan/round.js';
import type { WorkSetting } from '../work/setting.js';
import { COMPILED } from './fleet.js';
import type { World } from './world.js';

const CAPTURE = programPath('../../../capture/bin/capture.js');
const DASHBOARD = programPath('../../../dashboard/bin/dashboard.js');
const WALMQ = programPath('../../../cli/bin/walmq.js');
const WORKER = programPath('../../bin/soak-worker.js');
// Also from the sources, which tests run: programs run from dist.
const CLOCK = new URL('../../dist/work/clock.js', import.meta.url).href;
const COMMAND_MS = 60_000;

function programPath(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Where programs run: their folder, their processes, their environment. */
type Place = Pick<World, 'folder' | 'fleet' | 'environment'>;

/** The file in a round's folder that says how far the clock of a process is off. */
export function clockFile(name: string): string {
  return `clock-${name}`;
}

/** Starts all captures and workers of a round. */
export async function startPrograms(
  place: Place,
  { seed, captures, processes, failures }: Pick<Round, 'seed' | 'captures' | 'processes' | 'failures'>,
): Promise<void> {
  const { folder } = place;
  for (let n = 1; n <= captures; n++) startProgram(place, 'capture', `capture-${n}`, [CAPTURE]);
  for (const [n, { workers }] of processes.entries()) {
    const setting: WorkSetting = { seed, workers, failures, folder };
    const path = join(folder, `worker-${n + 1}.json`);
    await writeFile(path, JSON.stringify(setting));
    startProgram(place, 'worker', `worker-${n + 1}`, [WORKER, path]);
  }
}

function startProgram(
  { folder, fleet, environment }: Place,
  role: Role,
  name: string,
  args: readonly string[],
): void {
  const env = { ...environment(role), SOAK_CLOCK: join(folder, clockFile(name)) };
  fleet.start({ role, name, args: ['--import', CLOCK, ...args], env });
}

export function startDashboard({ fleet, environment }: Place): void {
  fleet.start({ role: 'dashboard', name: 'dashboard', args: [DASHBOARD], env: environment('worker') });
}

export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a command of walmq to its end, as an operator does. */
export function runWalmq(world: World, args: readonly string[]): Promise<Ran> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [WALMQ, ...args],
      {
        cwd: world.folder,
        timeout: COMMAND_MS,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
        // Past the networks: an operator's own connection is none of the faults.
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: COMPILED,
          WALMQ_CONFIG: join(world.folder, 'walmq.config.mjs'),
          DATABASE_URL: world.databaseUrl(),
          REDIS_URL: world.servers.redisUrl(),
        },
      },
      (error, stdout, stderr) => resolve({ ok: error === null, output: `${stdout}${stderr}` }),
    );
  });
}
