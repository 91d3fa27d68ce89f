import { Redis } from 'ioredis';

/** Connects, asks for a PONG and hangs up. Rejects with the reason when the server does not answer. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // ioredis says why in an event; its commands are only told that the connection is closed.
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
