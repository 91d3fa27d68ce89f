import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender } from '../cases/contenders.js';
import { DEBEZIUM_FOLDER, DEBEZIUM_VERSION } from './debezium.js';
import { PEERS_FOLDER } from './folder.js';
import { findJava, JAVA_MAJOR } from './java.js';

const run = promisify(execFile);

/** Folder with the manifest and the lock of the peers' packages. */
const MANIFESTS = fileURLToPath(new URL('../../peers', import.meta.url));
const MAVEN = 'https://repo1.maven.org/maven2';
const ARCHIVE = `${MAVEN}/io/debezium/debezium-server-dist/${DEBEZIUM_VERSION}/debezium-server-dist-${DEBEZIUM_VERSION}.tar.gz`;

const OF_DEBEZIUM: readonly Contender[] = ['debezium', 'debezium-tuned'];
const OF_NPM: readonly Contender[] = ['graphile', 'graphile-tuned', 'pg-boss', 'outbox'];
/** Node.js that graphile-worker needs. pg-boss needs an older one. */
const NODE = [22, 18] as const;

export interface Installed {
  /** Contenders that cannot run here. */
  readonly without: ReadonlySet<Contender>;
  /** One sentence for each reason. */
  readonly reasons: readonly string[];
}

/** Installs what these contenders need and what is not there yet. Leaves out what cannot run, with the reason. */
export async function installPeers(
  contenders: readonly Contender[],
  print: (line: string) => void,
): Promise<Installed> {
  const groups = [
    { of: OF_DEBEZIUM, install: installDebezium },
    { of: OF_NPM, install: installPackages },
  ];
  const without = new Set<Contender>();
  const reasons: string[] = [];
  for (const { of, install } of groups) {
    const wanted = of.filter(contender => contenders.includes(contender));
    if (wanted.length === 0) continue;
    const reason = await install(print).catch((error: Error) => firstLine(error.message));
    if (reason === undefined) continue;
    for (const contender of wanted) without.add(contender);
    reasons.push(`Left out ${wanted.join(', ')}: ${reason}`);
  }
  return { without, reasons };
}

async function installDebezium(print: (line: string) => void): Promise<string | undefined> {
  if (findJava() === undefined) return `there is no Java ${JAVA_MAJOR} or newer. Set JAVA_HOME.`;
  if (await exists(DEBEZIUM_FOLDER)) return undefined;
  print(`Downloading Debezium Server ${DEBEZIUM_VERSION} (780 MB)`);
  await mkdir(PEERS_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(PEERS_FOLDER, 'new-'));
  try {
    const archive = join(folder, 'archive.tar.gz');
    const response = await fetch(ARCHIVE);
    if (!response.ok || !response.body) return `its archive cannot be downloaded: HTTP ${response.status}.`;
    await writeFile(archive, response.body);
    await run('tar', ['xzf', archive, '-C', folder]);
    await rename(join(folder, 'debezium-server'), DEBEZIUM_FOLDER);
    return undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function installPackages(print: (line: string) => void): Promise<string | undefined> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < NODE[0] || (major === NODE[0] && minor < NODE[1]))
    return `their packages need Node.js ${NODE.join('.')} or newer. Run "npx node@22 apps/bench/bin/bench.js --peers".`;
  await mkdir(PEERS_FOLDER, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    await copyFile(join(MANIFESTS, name), join(PEERS_FOLDER, name));
  const isComplete =
    spawnSync('npm', ['ls', '--all', '--silent'], { cwd: PEERS_FOLDER, stdio: 'ignore' }).status === 0;
  if (isComplete) return undefined;
  print('Installing the packages of the peers');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS_FOLDER });
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] as string;
}
