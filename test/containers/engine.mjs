import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '../..');
const COMPOSE = (process.env.WALMQ_COMPOSE ?? 'docker compose').split(' ');
const FILES = ['docker-compose.yml', 'test/containers/compose.override.yml'];

/** Runs a command, shows what it prints on standard error, and returns its standard output. */
export function run(program, args, options = {}) {
  return execFileSync(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  }).trim();
}

export const docker = (...args) => run('docker', args);

/** Compose with the project's file and the ports of the round. */
export function compose(...args) {
  const [program, ...first] = COMPOSE;
  const files = FILES.flatMap(file => ['--file', file]);
  return run(program, [
    ...first,
    '--project-name',
    'walmq-round',
    '--project-directory',
    ROOT,
    ...files,
    ...args,
  ]);
}

/** True if a container engine answers. */
export function hasEngine() {
  try {
    run('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: ['ignore', 'pipe', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}

/** Starts an engine of its own below `folder`, for a machine on which none runs; it needs root. Resolves to its end. */
export async function startEngine(folder) {
  mkdirSync(folder, { recursive: true });
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const log = openSync(join(folder, 'dockerd.log'), 'w');
  const engine = spawn(
    'dockerd',
    [
      '--data-root',
      join(folder, 'data'),
      '--exec-root',
      join(folder, 'exec'),
      '--pidfile',
      join(folder, 'pid'),
      '--host',
      socket,
    ],
    { stdio: ['ignore', log, log] },
  );
  let failure;
  engine.once('error', error => (failure = error.message));
  engine.once('exit', code => (failure = `it ended with ${code}: see ${join(folder, 'dockerd.log')}`));
  process.env.DOCKER_HOST = socket;
  while (!hasEngine()) {
    if (failure) throw new Error(`dockerd does not run: ${failure}. Install docker.io, or start an engine.`);
    await sleep(200);
  }
  return async () => {
    const ended = new Promise(resolve => engine.once('exit', resolve));
    engine.kill('SIGTERM');
    await ended;
  };
}
