import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * The fields of a worker's line in CLIENT LIST. GCP sends no names; BullMQ then makes up a line without `db`.
 */
interface Client {
  readonly db?: string;
}

/**
 * Number of workers connected for a queue. CLIENT LIST covers the whole server, and a queue of the same name
 * in another database number is another queue. Null if CLIENT LIST is forbidden.
 */
export async function countWorkers(queue: Queue, redis: Redis): Promise<number | null> {
  const clients = (await queue.getWorkers().catch(() => null)) as readonly Client[] | null;
  const own = String(redis.options?.db ?? 0);
  return clients === null ? null : clients.filter(({ db = own }) => db === own).length;
}
