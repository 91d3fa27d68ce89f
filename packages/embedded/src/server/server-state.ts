import { randomBytes } from 'node:crypto';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, WalmqError } from '@walmq/change';
import { isPortTaken } from '@walmq/supervise';

/** What a later start with the same folder needs. */
export interface ServerState {
  readonly password: string;
  readonly port: number | undefined;
  readonly pid: number | undefined;
}

const FILE = 'server.json';
/** After SIGKILL of its starter, a server needs a moment to end. */
const ENDING_MS = 15_000;
const INTERVAL_MS = 100;

export function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** The state of an earlier start. Undefined: none has completed in this folder. */
export async function readState(folder: string): Promise<ServerState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as ServerState;
  } catch {
    return undefined;
  }
}

/** Only this process's account may read it: it holds the password. */
export async function writeState(folder: string, state: ServerState): Promise<void> {
  await writeFile(join(folder, FILE), `${JSON.stringify(state)}\n`, { mode: 0o600 });
}

/** The port of the earlier start, if it is free. */
export async function formerPort({ port }: ServerState): Promise<number | undefined> {
  return port !== undefined && !(await isPortTaken(port)) ? port : undefined;
}

/** Waits for the server of an earlier start. Throws `failureCode` if it goes on running: another program has started it. */
export async function untilFree(options: {
  folder: string;
  state: ServerState;
  name: string;
  failureCode: ErrorCode;
  onProgress: (line: string) => void;
}): Promise<void> {
  const { folder, state, name, failureCode, onProgress } = options;
  const { pid } = state;
  if (pid === undefined || !(await runsIn(pid, folder))) return;
  onProgress(`${name}: waiting for process ${pid}, which still uses ${folder}`);
  for (const deadline = Date.now() + ENDING_MS; Date.now() < deadline; ) {
    await delay(INTERVAL_MS);
    if (!(await runsIn(pid, folder))) return;
  }
  throw new WalmqError(failureCode, `process ${pid} uses the data in ${folder}.`, {
    remedy: 'End the program that has started it, for example another "walmq dev" in this project.',
  });
}

/** Whether the process works in the folder: another one may have got its id. Without /proc, the server itself has to tell. */
async function runsIn(pid: number, folder: string): Promise<boolean> {
  const place = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return place === folder || place?.startsWith(`${folder}/`) === true;
}
