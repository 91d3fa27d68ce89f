import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres, startRedis } from '@walmq/embedded';
import { vi } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

export interface RunningSystem {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Where each app listens. */
  readonly urls: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** For tests: servers, the shop's tables, and apps as processes of their own, as an operator runs them. */
export async function startSystem(
  apps: readonly string[],
  options: {
    readonly settings?: Record<string, string | number>;
    /** Over the apps' environment. */
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<RunningSystem> {
  const [postgres, redis] = await Promise.all([
    startPostgres(options.settings ? { settings: options.settings } : {}),
    startRedis(),
  ]);
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.map(endOf));
    await Promise.all([postgres.stop(), redis.stop()]);
  };
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SMTP_URL: 'smtp://127.0.0.1:1',
    WALMQ_PORT: '0',
    LOG_FORMAT: 'json',
    ...options.env,
  };
  try {
    await promisify(execFile)(process.execPath, [join(ROOT, 'packages/shop/bin/shop-setup.js')], {
      cwd: ROOT,
      env,
    });
    const urls = await Promise.all(
      apps.map(async app => {
        const child = spawn(process.execPath, [programOf(app)], { cwd: ROOT, env });
        children.push(child);
        return [app, await urlOf(app, child)] as const;
      }),
    );
    return { databaseUrl: postgres.url, redisUrl: redis.url, urls: new Map(urls), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function programOf(app: string): string {
  return join(ROOT, 'apps', app, 'bin', `${app}.js`);
}

async function urlOf(app: string, child: ChildProcess): Promise<string> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (output += text));
  return await vi.waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`${app} ended:\n${output}`);
      return /"url":"(http:[^"]+)"/.exec(output)?.[1];
    },
    { timeout: 60_000 },
  );
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
