import type { Redis } from 'ioredis';

/** All notes under a key, by name. */
export async function readNotes(redis: Redis, key: string): Promise<Record<string, string>> {
  return await redis.hgetall(key);
}

/** Writes notes by name, all of them or none; null removes a note. */
export async function writeNotes(
  redis: Redis,
  key: string,
  notes: ReadonlyMap<string, string | null>,
): Promise<void> {
  const kept = [...notes].flatMap(([name, text]) => (text === null ? [] : [name, text]));
  const gone = [...notes].flatMap(([name, text]) => (text === null ? [name] : []));
  const writes = redis.multi();
  if (kept.length > 0) writes.hset(key, ...kept);
  if (gone.length > 0) writes.hdel(key, ...gone);
  const replies = (await writes.exec()) ?? [];
  for (const [error] of replies) if (error) throw error;
}
