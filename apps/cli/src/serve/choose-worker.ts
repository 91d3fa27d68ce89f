import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { didYouMean, WalmqError } from '@walmq/change';
import { READY_WORKERS, type ReadyWorker, type WalmqConfig } from '@walmq/config';

/** A worker file of the project. */
export interface ProjectWorker {
  readonly name: string;
  readonly file: string;
  /** Default port. The workers of a configuration have different ones, so that they run on one machine. */
  readonly port: number;
}

/** Port of the first worker of `workers`; the next ones follow. */
const FIRST_PORT = 9110;
/** Port of a file that the configuration does not name. */
const UNNAMED_PORT = 9109;

/** The workers of the configuration, in its order. */
export function projectWorkers(
  { workers }: Pick<WalmqConfig, 'workers'>,
  configFile: string,
): ProjectWorker[] {
  return Object.entries(workers).map(([name, path], at) => ({
    name,
    file: resolve(dirname(configFile), path),
    port: FIRST_PORT + at,
  }));
}

/**
 * Finds the worker that `wanted` names: a worker of walmq, a name of the configuration, or the path of a file.
 * Throws WORKER_UNKNOWN or WORKER_MISSING.
 */
export function chooseWorker(
  wanted: string,
  config: Pick<WalmqConfig, 'workers'>,
  configFile: string,
): ReadyWorker | ProjectWorker {
  const ready = READY_WORKERS.find(name => name === wanted);
  if (ready) return ready;
  const configured = projectWorkers(config, configFile);
  const named = configured.find(({ name }) => name === wanted);
  const chosen = named ?? (isPath(wanted) ? byFile(resolve(wanted), configured) : undefined);
  if (!chosen) throw unknown(wanted, Object.keys(config.workers));
  if (existsSync(chosen.file)) return chosen;
  throw new WalmqError('WORKER_MISSING', `there is no file ${chosen.file}.`, {
    remedy: named
      ? `Correct "${named.name}" of "workers" in ${configFile}: its path starts at the folder of that file.`
      : 'Correct the path, or give a name of "workers" in walmq.config.ts.',
  });
}

function isPath(text: string): boolean {
  return /[/\\]|\.[cm]?[jt]sx?$/.test(text);
}

function byFile(file: string, configured: readonly ProjectWorker[]): ProjectWorker {
  const name = basename(file).replace(/\.[^.]+$/, '');
  return configured.find(each => each.file === file) ?? { name, file, port: UNNAMED_PORT };
}

function unknown(wanted: string, configured: readonly string[]): WalmqError {
  const own = configured.length === 0 ? 'no workers' : configured.join(', ');
  const guess = didYouMean(wanted, [...configured, ...READY_WORKERS]);
  return new WalmqError('WORKER_UNKNOWN', `there is no worker "${wanted}".${guess}`, {
    remedy: `walmq.config.ts names ${own}; walmq brings ${READY_WORKERS.join(', ')}. The path of a file works too.`,
  });
}
