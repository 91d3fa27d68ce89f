import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, totalmem } from 'node:os';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** Facts on which the figures depend. None of them identifies the machine or its owner. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly postgres: string;
  readonly redis: string;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ['bullmq', 'ioredis', 'pg', 'pg-logical-replication'];

export async function machineFacts(client: Client, redis: Redis): Promise<MachineFacts> {
  const { rows } = await client.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  const info = await redis.info('server');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    postgres: rows[0]?.version ?? 'unknown',
    redis: /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown',
    packages: Object.fromEntries(PACKAGES.map(name => [name, installedVersion(name)])),
  };
}

/** Reads the version from the file, because not every package exports its package.json. */
function installedVersion(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string })
        .version;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    }
  }
  return 'unknown';
}
