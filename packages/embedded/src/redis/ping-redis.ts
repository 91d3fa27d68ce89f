import { Redis } from 'ioredis';

/** Connects, sends PING and disconnects. Rejects with the reason if the server does not answer. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2000,
    // PING tells of a server that still loads its data; the check of ioredis needs INFO, which settings can forbid.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // ioredis emits the reason as an event. Its commands reject only with "Connection is closed".
  const reasons: Error[] = [];
  redis.on('error', error => reasons.push(error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw reasons[0] ?? error;
  } finally {
    redis.disconnect();
  }
}
