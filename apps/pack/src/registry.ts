import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '@walmq/supervise';

const START_MS = 60_000;
/** A registry and checks of packages. No part of the project: few who work on it need them, and they are large. */
export const TOOLS = join(import.meta.dirname, '../tools');
const ROOT = join(import.meta.dirname, '../../..');

/** A registry on this machine that serves our packages. It gets all others from the registry that npm is configured for. */
export interface Registry {
  readonly url: string;
  /** Folder of the tarballs and of the packages' files. */
  readonly packages: string;
  stop(): Promise<void>;
}

/** Assembles our packages, starts a registry and publishes them to it. */
export async function startRegistry(): Promise<Registry> {
  if (!existsSync(join(TOOLS, 'node_modules')))
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: TOOLS, stdio: 'pipe' });
  const folder = await mkdtemp(join(tmpdir(), 'walmq-registry-'));
  const packages = join(folder, 'packages');
  execFileSync(process.execPath, [join(ROOT, 'apps/pack/bin/pack.js'), packages], { stdio: 'pipe' });

  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const config = join(folder, 'config.yaml');
  await writeFile(config, JSON.stringify(configOf(folder)));
  const verdaccio = join(TOOLS, 'node_modules/verdaccio/bin/verdaccio');
  const server = spawn(process.execPath, [verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    stdio: 'ignore',
  });
  const ended = new Promise(resolve => server.once('close', resolve));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  };
  try {
    const answers = () =>
      fetch(`${url}-/ping`).then(
        ({ ok }) => ok,
        () => false,
      );
    if (!(await until(answers, { timeoutMs: START_MS, signal: AbortSignal.timeout(2 * START_MS) })))
      throw new Error('The registry does not answer.');
    for (const tarball of (await readdir(packages)).filter(name => name.endsWith('.tgz')))
      execFileSync('npm', ['publish', join(packages, tarball), '--provenance=false', ...login(url)], {
        cwd: folder,
        stdio: 'pipe',
      });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, packages, stop };
}

/** The registry takes anybody's token; npm publishes nothing without one. */
const login = (url: string) => [`--registry=${url}`, `--${url.replace('http:', '')}:_authToken=anybody`];

function configOf(folder: string): object {
  const uplink = execFileSync('npm', ['config', 'get', 'registry'], { cwd: tmpdir(), encoding: 'utf8' });
  const ours = { access: '$all', publish: '$all' };
  return {
    storage: join(folder, 'storage'),
    web: { enable: false },
    // One slow answer must not make the registry give up on the other one.
    uplinks: { configured: { url: uplink.trim(), timeout: '60s', max_fails: 1000 } },
    // Without `proxy`: nobody else's package of the same name is installed in the place of ours.
    packages: {
      walmq: ours,
      'create-walmq': ours,
      '@walmq/*': ours,
      '**': { access: '$all', proxy: 'configured' },
    },
    max_body_size: '20mb',
    log: { type: 'stdout', level: 'fatal' },
  };
}
