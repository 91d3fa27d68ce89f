import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { CAPTURE_SCHEMA } from '@walmq/setup';
import { Client } from 'pg';
import { vi } from 'vitest';
import { hashPassword } from '../src/access/password.js';
import type { Role } from '../src/access/users.js';

const PROGRAM = join(import.meta.dirname, '../bin/dashboard.js');
const ROOT = join(import.meta.dirname, '../../..');

export interface StartedDashboard {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** Sends SIGTERM; resolves to the exit code. */
  stop(): Promise<number>;
}

export function spawnDashboard(env: Record<string, string>): Omit<StartedDashboard, 'url'> {
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, WALMQ_PORT: '0', LOG_FORMAT: 'json', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text));
  return {
    child,
    output: () => output,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await exit) as [number];
      return code;
    },
  };
}

/** The dashboard as a process, as a user starts it. */
export async function startDashboard(env: Record<string, string>): Promise<StartedDashboard> {
  const dashboard = spawnDashboard(env);
  await vi.waitUntil(() => dashboard.output().includes('http:listening'), { timeout: 30_000 });
  const url = /"url":"(http:[^"]+)"/.exec(dashboard.output())?.[1] as string;
  return { ...dashboard, url };
}

export async function userLine(name: string, role: Role, password: string): Promise<string> {
  return `${name}:${role}:${await hashPassword(password)}`;
}

/** A dashboard with these users, whose passwords are `secret-of-<name>`, and a session of each: its Cookie header. */
export async function startWithUsers<Name extends string>(
  env: Record<string, string>,
  roles: Readonly<Record<Name, Role>>,
): Promise<{ readonly dashboard: StartedDashboard; readonly cookies: Readonly<Record<Name, string>> }> {
  const names = Object.keys(roles) as Name[];
  const lines = await Promise.all(names.map(name => userLine(name, roles[name], `secret-of-${name}`)));
  const dashboard = await startDashboard({ ...env, WALMQ_DASHBOARD_USERS: lines.join(',') });
  const sessions = names.map(async name => [name, await signIn(dashboard.url, name, `secret-of-${name}`)]);
  return { dashboard, cookies: Object.fromEntries(await Promise.all(sessions)) };
}

/** An action as a page of the dashboard sends it. */
export function fromPage(url: string, init: RequestInit = {}): RequestInit {
  return { method: 'POST', ...init, headers: { origin: new URL(url).origin, ...init.headers } };
}

/** Signs in with the form; resolves to the Cookie header of the session, or the answer's status where refused. */
export async function signIn(url: string, name: string, password: string): Promise<string | number> {
  const body = new URLSearchParams({ name, password, to: '/' });
  const answer = await fetch(`${url}/sign-in`, fromPage(url, { body, redirect: 'manual' }));
  return answer.status === 303 ? (answer.headers.getSetCookie()[0]?.split(';')[0] as string) : answer.status;
}

/** Runs `act` on a connection of its own. */
export async function withClient<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** A database with walmq's tables: without the operators' log the dashboard refuses every action. */
export async function startLogDatabase(): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres();
  await withClient(postgres.url, client => client.query(CAPTURE_SCHEMA.sql));
  return postgres;
}
