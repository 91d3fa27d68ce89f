import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Of CLIENT LIST, what a worker's line has here. GCP knows no names: there BullMQ makes one line up, without `db`. */
interface Client {
  readonly db?: string;
}

/**
 * How many workers are connected for a queue. CLIENT LIST tells of the whole server, and a queue of the same name in another
 * database number is another queue. Null where CLIENT LIST is forbidden.
 */
export async function countWorkers(queue: Queue, redis: Redis): Promise<number | null> {
  const clients = (await queue.getWorkers().catch(() => null)) as readonly Client[] | null;
  const own = String(redis.options?.db ?? 0);
  return clients === null ? null : clients.filter(({ db = own }) => db === own).length;
}
