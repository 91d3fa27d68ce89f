import { setTimeout as delay } from 'node:timers/promises';
import { claimPort, launch, untilReady, type Watchdog } from '@walmq/supervise';
import type { Screen } from './screen.js';
import { watchFiles } from './watch-files.js';

/** A process of the pipeline. */
export interface PartOptions {
  readonly name: string;
  /** Arguments of `walmq`. */
  readonly args: readonly string[];
  /** The first port to try. */
  readonly port: number;
  /** The files whose change restarts it. None: it is tried again after a while. */
  readonly files: () => Promise<ReadonlySet<string>>;
}

export interface PartHost {
  /** The program `walmq`. */
  readonly program: string;
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly watchdog: Watchdog;
  readonly screen: Screen;
  /** Ports that the other parts have, or have asked for. */
  readonly ports: Set<number>;
  /** Aborted: the part ends. */
  readonly signal: AbortSignal;
}

const READY_TIMEOUT_MS = 60_000;
/** How long a worker may finish its handlers at a save or at Ctrl+C. */
const DRAIN_MS = 3000;
const KILL_AFTER_MS = 4000;
const RESTART_DELAY_MS = 1000;
const MAX_RESTART_DELAY_MS = 15_000;

/**
 * Keeps a part running until the signal is aborted: starts it again when a file of it changes, or when it has ended after it was
 * ready. One that does not become ready waits for a save, because it has said what is wrong with it.
 * `onStarted` is called when it is ready for the first time, or has failed to be.
 */
export async function keepPart(
  options: PartOptions,
  host: PartHost,
  onStarted: (url: string | undefined) => void,
): Promise<void> {
  const { name } = options;
  const { signal, screen } = host;
  let delayMs = RESTART_DELAY_MS;
  while (!signal.aborted) {
    const files = await options.files();
    // Before the start, so that a save while the part starts counts.
    const watching = await watchFiles(files);
    const round = new AbortController();
    const within = AbortSignal.any([signal, round.signal]);
    const saved = watching.changed(within).catch(() => undefined);
    try {
      const ran = await runOnce(options, host, { saved, signal: within, onStarted });
      if (signal.aborted) return;
      if (ran.portTaken) continue;
      if (ran.changed !== undefined) {
        screen.say(name, `${shownPath(ran.changed, host.root)} has changed: starting again`);
        delayMs = RESTART_DELAY_MS;
      } else if (ran.wasReady) {
        screen.fail(name, `ended unexpectedly (${ran.ending}): starting again in ${delayMs / 1000} s`);
        await Promise.race([delay(delayMs, undefined, { signal: within }).catch(() => {}), saved]);
        delayMs = Math.min(2 * delayMs, MAX_RESTART_DELAY_MS);
      } else if (files.size === 0) {
        screen.warn(name, `did not start (${ran.ending}): trying again in ${MAX_RESTART_DELAY_MS / 1000} s`);
        await delay(MAX_RESTART_DELAY_MS, undefined, { signal }).catch(() => {});
      } else {
        screen.warn(name, `did not start (${ran.ending}): waiting for the next save of its files`);
        const changed = await saved;
        if (changed) screen.say(name, `${shownPath(changed, host.root)} has changed: starting again`);
      }
    } finally {
      round.abort();
      watching.close();
    }
  }
}

interface Ran {
  /** The file that ended it. */
  readonly changed: string | undefined;
  readonly ending: string;
  readonly wasReady: boolean;
  /** Another program has taken the port between the look at it and the start. */
  readonly portTaken: boolean;
}

/** Runs the part until it ends, a file of it changes, or the signal is aborted. */
async function runOnce(
  { name, args, port }: PartOptions,
  { program, root, env, watchdog, screen, ports, signal }: PartHost,
  round: {
    readonly saved: Promise<string | undefined>;
    readonly signal: AbortSignal;
    readonly onStarted: (url: string | undefined) => void;
  },
): Promise<Ran> {
  const free = await claimPort(port, ports);
  let portTaken = false;
  const running = launch({
    command: process.execPath,
    args: [program, ...args],
    cwd: root,
    env: { ...env, WALMQ_PORT: String(free), WALMQ_SHUTDOWN_MS: String(DRAIN_MS) },
    watchdog,
    onLine: line => {
      if (line.kind === 'plain' && line.text.startsWith('PORT_IN_USE:')) portTaken = true;
      else screen.show(name, line);
    },
  });
  let wasReady = false;
  const readiness = untilReady(running, { timeoutMs: READY_TIMEOUT_MS, signal: round.signal }).then(
    ready => {
      wasReady = 'url' in ready;
      if ('url' in ready) screen.say(name, `ready at ${ready.url}`);
      else if (running.ending() === undefined) screen.warn(name, `not ready yet: ${ready.reasons}`);
      if (!portTaken) round.onStarted('url' in ready ? ready.url : undefined);
    },
    () => {},
  );
  const ended = running.ended.then(() => undefined);
  const changed = await Promise.race([ended, round.saved]);
  if (running.ending() === undefined) await running.stop(KILL_AFTER_MS);
  // A port that only this program cannot have stays claimed.
  if (!portTaken) ports.delete(free);
  const ending = await running.ended;
  if (changed === undefined && !signal.aborted) await readiness;
  return { changed, ending, wasReady, portTaken };
}

/** A path as the user writes it: below the project, without the project's folder. */
export function shownPath(file: string, root: string): string {
  return file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
}
