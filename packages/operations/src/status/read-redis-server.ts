import { type RedisPersistence, readPersistence } from '@walmq/fanout';
import { isDenied, isUnknownCommand } from '@walmq/redis';
import type { Redis } from 'ioredis';

/** Facts about a Redis or Valkey server. */
export interface RedisServer {
  /** False if it refuses INFO: then everything but `persistence` is a guess, and no process can start. */
  readonly informs: boolean;
  readonly product: 'Redis' | 'Valkey';
  /** Valkey's own version. */
  readonly version: string;
  /** The Redis version whose commands it supports. */
  readonly commandsOf: string;
  readonly role: string;
  readonly cluster: boolean;
  readonly persistence: RedisPersistence;
  /** False when the last write to the append-only file failed. */
  readonly writesAppendOnlyFile: boolean;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  readonly systemMemoryBytes: number;
  readonly onlineReplicas: number;
}

/** From INFO (memory in bytes), and from CONFIG, as far as they are allowed. */
export async function readRedisServer(redis: Redis): Promise<RedisServer> {
  const told = await redis.info().catch((error: Error) => {
    if (isDenied(error) || isUnknownCommand(error)) return undefined;
    throw error;
  });
  const info = told ?? '';
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const number = (name: string) => Number(field(name) ?? 0);
  const valkey = field('valkey_version');
  const commandsOf = field('redis_version') ?? '0';
  return {
    informs: told !== undefined,
    product: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? commandsOf,
    commandsOf,
    role: field('role') ?? 'unknown',
    cluster: number('cluster_enabled') === 1,
    persistence: await readPersistence(redis),
    writesAppendOnlyFile: field('aof_last_write_status') !== 'err',
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    systemMemoryBytes: number('total_system_memory'),
    onlineReplicas: info.match(/^slave\d+:.*state=online/gm)?.length ?? 0,
  };
}
