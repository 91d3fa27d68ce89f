import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Watchdog } from '@walmq/supervise';
import type { Role } from '../plan/round.js';
import { SoakError } from '../soak-error.js';

/** The dashboard runs in the long form only, and no fault concerns it. */
export type ProgramRole = Role | 'dashboard';

export interface ProgramSetting {
  readonly role: ProgramRole;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A program that runs. It is started again when it is killed, as a supervisor does. */
interface Member extends ProgramSetting {
  child: ChildProcess;
  log: string;
  starts: number;
}

/** Where Node.js (22 and newer) keeps compiled code. A round starts many processes, and with it each takes half the time to start. */
export const COMPILED = join(tmpdir(), 'walmq-soak-compiled');
const LISTENING_MS = 300_000;
const ENDING_MS = 90_000;

/** The processes of a round: captures and workers, each in a process of its own with its own log. */
export class Fleet {
  readonly #members: Member[] = [];
  readonly #folder: string;
  readonly #watchdog: Watchdog;
  readonly #expected = new WeakSet<ChildProcess>();
  /** The first process that ended by itself. */
  #ended: string | undefined;

  constructor(folder: string, watchdog: Watchdog) {
    this.#folder = folder;
    this.#watchdog = watchdog;
  }

  start(setting: ProgramSetting): void {
    const member = { ...setting, starts: 0 } as Member;
    this.#launch(member);
    this.#members.push(member);
  }

  count(role: Role): number {
    return this.#of(role).length;
  }

  /** Throws SOAK_PROCESS_ENDED if a process has ended by itself. */
  assertAlive(): void {
    if (this.#ended !== undefined) throw new SoakError('SOAK_PROCESS_ENDED', this.#ended);
  }

  /** Where each process serves its health, once all do. */
  async listening(): Promise<{ readonly name: string; readonly pid: number; readonly url: string }[]> {
    return await Promise.all(
      this.#members.map(async member => ({
        name: member.name,
        pid: member.child.pid as number,
        url: await this.#listens(member),
      })),
    );
  }

  nameOf(role: Role, which: number): string {
    return this.#member(role, which).name;
  }

  /** Kills a process and starts its successor. */
  async kill(role: Role, which: number): Promise<void> {
    const member = this.#member(role, which);
    const { child } = member;
    this.#expected.add(child);
    child.kill('SIGKILL');
    await ended(child);
    this.#launch(member);
  }

  signal(role: Role, which: number, signal: NodeJS.Signals): void {
    this.#member(role, which).child.kill(signal);
  }

  /** Stops all processes in good order. Throws SOAK_PROCESS_ENDED if one does not end with exit code 0. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async member => {
        await this.#listens(member);
        this.#expected.add(member.child);
        member.child.kill('SIGTERM');
        const overdue = setTimeout(() => member.child.kill('SIGKILL'), ENDING_MS);
        await ended(member.child);
        clearTimeout(overdue);
        const { exitCode, signalCode } = member.child;
        if (exitCode !== 0) this.#note(member, `${signalCode ?? `exit code ${exitCode}`} after SIGTERM`);
      }),
    );
    this.assertAlive();
  }

  /** For a failed round: nothing stays behind. */
  async killAll(): Promise<void> {
    for (const { child } of this.#members) {
      this.#expected.add(child);
      child.kill('SIGKILL');
    }
    await Promise.all(this.#members.map(({ child }) => ended(child)));
  }

  #of(role: ProgramRole): Member[] {
    return this.#members.filter(member => member.role === role);
  }

  #member(role: Role, which: number): Member {
    const members = this.#of(role);
    return members[which % members.length] as Member;
  }

  #launch(member: Member): void {
    member.starts += 1;
    member.log = join(this.#folder, `${member.name}-${member.starts}.log`);
    const log = openSync(member.log, 'a');
    const child = spawn(process.execPath, [...member.args], {
      env: {
        PATH: process.env.PATH,
        WALMQ_PORT: '0',
        LOG_FORMAT: 'json',
        NODE_COMPILE_CACHE: COMPILED,
        // Only what hangs for good is a fault.
        WALMQ_SHUTDOWN_MS: '60000',
        ...member.env,
      },
      stdio: ['ignore', log, log],
      // In a session of its own: Ctrl+C lets the soak finish its round.
      detached: true,
    });
    closeSync(log);
    member.child = child;
    const { pid } = child;
    if (pid !== undefined) this.#watchdog.watch(pid);
    child.on('exit', (code, signal) => {
      if (pid !== undefined) this.#watchdog.forget(pid);
      if (!this.#expected.has(child)) this.#note(member, signal ?? `exit code ${code}`);
    });
  }

  #note({ name, log }: Member, how: string): void {
    const said = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n');
    this.#ended ??= `${name} ended: ${how}. Its last lines:\n${said}`;
  }

  /** Waits until a process serves its health: before that, a signal would end it at once. Resolves to the address. */
  async #listens(member: Member): Promise<string> {
    const deadline = Date.now() + LISTENING_MS;
    for (;;) {
      const { WALMQ_PORT: port } = member.env;
      const url = port === undefined ? urlIn(readFileSync(member.log, 'utf8')) : `http://127.0.0.1:${port}`;
      if (url !== undefined && (await isLive(url))) return url;
      this.assertAlive();
      if (Date.now() > deadline)
        throw new SoakError('SOAK_STUCK', `${member.name} does not serve its health.`);
      await delay(20);
    }
  }
}

/** A process without a port of its own names the one that it got in its log. */
function urlIn(log: string): string | undefined {
  return /"url":"(http:[^"]+)"/.exec(log)?.[1];
}

async function isLive(url: string): Promise<boolean> {
  return await fetch(new URL('/live', url), { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
