import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, WalmqError } from '@walmq/change';
import { freePort, isPortTaken } from '@walmq/supervise';
import type { Account } from './account.js';
import type { ServerFolder } from './server-folder.js';

/** Everything that is needed to start, probe and stop a server. */
export interface ServerKind {
  readonly name: 'PostgreSQL' | 'Redis';
  readonly failureCode: ErrorCode;
  readonly failureRemedy: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly account: Account;
  readonly folder: ServerFolder;
  /** Signal on which the server closes its connections, keeps committed data and ends. */
  readonly stopSignal: NodeJS.Signals;
  writeSettings(port: number): Promise<void>;
  /** Resolves if the server answers on this port; rejects if it does not yet. */
  probe(port: number): Promise<void>;
}

/** A server on one port with one folder. Its process can be killed and started again. */
export interface Server {
  readonly port: number;
  /** Process id of the process that runs now, or ran last. */
  readonly pid: number;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;
/** After SIGKILL of PostgreSQL, its backends end a moment later. Until then a new server does not start. */
const RESTART_TIMEOUT_MS = 20_000;
const PORT_ATTEMPTS = 5;
const PROBE_INTERVAL_MS = 25;

/** Starts the server on `requestedPort`, or on a free port. Throws `failureCode` with the last lines of the log. */
export async function startServer(kind: ServerKind, requestedPort?: number): Promise<Server> {
  const first = await startOnSomePort(kind, requestedPort);
  const { port } = first;
  let child = first.child;

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hasEnded(child)) return;
    child.ref();
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    kind.folder.watchdog.forget(child.pid as number);
  }

  async function endGently(): Promise<void> {
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await end(kind.stopSignal).finally(() => clearTimeout(overdue));
  }

  return {
    port,
    get pid() {
      return child.pid as number;
    },
    kill: end,
    async restart() {
      await endGently();
      const deadline = Date.now() + RESTART_TIMEOUT_MS;
      for (;;) {
        child = await launch(kind);
        if (await answers(kind, child, port)) return;
        if (Date.now() > deadline) throw await failure(kind);
        await delay(PROBE_INTERVAL_MS);
      }
    },
    async stop() {
      await endGently();
      await kind.folder.watchdog.finish();
    },
  };
}

async function startOnSomePort(
  kind: ServerKind,
  requestedPort: number | undefined,
): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = requestedPort ?? (await freePort());
    await kind.writeSettings(port);
    const child = await launch(kind);
    if (await answers(kind, child, port)) return { port, child };
    const tryAnother = requestedPort === undefined && attempt < PORT_ATTEMPTS && (await isPortTaken(port));
    if (!tryAnother) throw await failure(kind);
  }
}

async function launch(kind: ServerKind): Promise<ChildProcess> {
  const log = await open(logPath(kind), 'a');
  try {
    const child = spawn(kind.command, kind.args, {
      cwd: kind.folder.path,
      env: kind.env,
      // In a session of its own, so that Ctrl+C in the terminal ends only the apps: they need the servers while they drain.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...kind.account,
    });
    await once(child, 'spawn');
    child.unref();
    kind.folder.watchdog.watch(child.pid as number);
    return child;
  } catch (cause) {
    throw await failure(kind, cause);
  } finally {
    await log.close();
  }
}

/** Resolves to true when the server answers, to false if it ends before. */
async function answers(kind: ServerKind, child: ChildProcess, port: number): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!hasEnded(child)) {
    try {
      await kind.probe(port);
      return true;
    } catch (cause) {
      if (Date.now() > deadline) throw await failure(kind, cause);
    }
    await delay(PROBE_INTERVAL_MS);
  }
  kind.folder.watchdog.forget(child.pid as number);
  return false;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function failure(kind: ServerKind, cause?: unknown): Promise<WalmqError> {
  const log = await readFile(logPath(kind), 'utf8').catch(() => '');
  const said = lastLines(log) || (cause instanceof Error ? cause.message : 'it left no message');
  return new WalmqError(kind.failureCode, `the embedded ${kind.name} did not start:\n${said}`, {
    remedy: kind.failureRemedy,
    cause,
  });
}

/** Returns the last lines of a log, indented. */
export function lastLines(log: string, count = 8): string {
  const lines = log.trim().split('\n').slice(-count);
  return lines
    .map(line => `  ${line}`)
    .join('\n')
    .trimEnd();
}

function logPath(kind: ServerKind): string {
  return join(kind.folder.path, 'server.log');
}
