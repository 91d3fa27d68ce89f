import type { Redis } from 'ioredis';

/** All keys with this beginning. Scans all keys of Redis. */
export async function keysLike(redis: Redis, beginning: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const keys of redis.scanStream({ match: `${escapeGlob(beginning)}*`, count: 1000 }))
    for (const key of keys as string[]) found.add(key);
  return [...found];
}

/** Escapes a name for a SCAN pattern. */
function escapeGlob(name: string): string {
  return name.replaceAll(/[\\*?[\]^-]/g, '\\$&');
}
