import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Names of the clients of this database number. Null if Redis does not list its clients. */
export type ClientNames = readonly string[] | null;

/** One command for all queues: the list covers the whole server. */
export async function readClientNames(redis: Redis): Promise<ClientNames> {
  const own = String(redis.options?.db ?? 0);
  try {
    return namesIn((await redis.client('LIST')) as string, own);
  } catch {
    // The user may not run it, or a managed Redis does not have it.
    return null;
  }
}

function namesIn(list: string, database: string): string[] {
  return list.split('\n').flatMap(line => {
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1];
    const name = field('name');
    // A queue of the same name in another database number is another queue.
    return name && (field('db') ?? database) === database ? [name] : [];
  });
}

/** Number of workers connected for a queue: BullMQ names their connections. Null if Redis does not list its clients. */
export function workersIn(
  clients: ClientNames,
  { prefix, name }: { readonly prefix: string; readonly name: string },
): number | null {
  if (clients === null) return null;
  const client = `${prefix}:${Buffer.from(name).toString('base64')}`;
  return clients.filter(found => found === client || found.startsWith(`${client}:w:`)).length;
}

/** As workersIn, of one queue now. */
export async function countWorkers(queue: Queue, redis: Redis): Promise<number | null> {
  return workersIn(await readClientNames(redis), { prefix: queue.opts.prefix ?? 'bull', name: queue.name });
}
