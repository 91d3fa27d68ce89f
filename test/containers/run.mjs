/**
 * Starts docker-compose.yml on a container engine and plays a round of faults: `npm run test:containers`. Options: `--engine`
 * starts an engine of its own (as root), `--orders <n>` orders per fault (default 300), `--keep` leaves the containers.
 * WALMQ_COMPOSE names the command of Compose v2.24 or newer (default: docker compose).
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { provideBaseImages } from './base-images.mjs';
import { compose, docker, hasEngine, ROOT, startEngine } from './engine.mjs';
import { playRound } from './round.mjs';

const CACHE = join(ROOT, '.cache/containers');
const { values } = parseArgs({
  options: {
    engine: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    orders: { type: 'string', default: '300' },
  },
});

const stopEngine = values.engine ? await startEngine(CACHE) : undefined;
if (!stopEngine && !hasEngine()) {
  console.error(
    'No container engine answers. Start one, or add --engine (as root, with the package docker.io).',
  );
  process.exit(1);
}
try {
  const standIns = provideBaseImages(join(CACHE, 'contexts'));
  for (const name of standIns) console.log(`${name} is a stand-in, built from packages`);
  compose('build', '--quiet');
  const size = docker('run', '--rm', '--entrypoint', 'du', imageName(), '-sm', '/walmq').split(/\s/)[0];
  console.log(`${imageName()}: ${size} MB on top of its base image`);
  await playRound({ orders: Number(values.orders), print: line => console.log(line) });
  console.log('The round is over: nothing was lost, and no effect came twice.');
} catch (error) {
  console.error(error.message);
  console.error(
    `Logs: ${process.env.WALMQ_COMPOSE ?? 'docker compose'} --project-name walmq-round logs (with --keep)`,
  );
  process.exitCode = 1;
} finally {
  if (!values.keep) compose('--profile', '*', 'down', '--volumes', '--remove-orphans');
  await stopEngine?.();
}

function imageName() {
  return compose('config', '--images')
    .split('\n')
    .find(name => name.startsWith('walmq/'));
}
