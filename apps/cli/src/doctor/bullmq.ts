import { createRequire } from 'node:module';
import { QueueKeys } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Check, warning } from './check.js';

/** `bullmq:5.1.0`; BullMQ's Queue writes it when a program opens the queue. walmq does not. Null: no program has. */
export async function readOpenedBy(
  redis: Redis,
  { name, prefix }: { readonly name: string; readonly prefix: string },
): Promise<string | null> {
  return await redis.hget(new QueueKeys(prefix).toKey(name, 'meta'), 'version');
}

const OWN = (createRequire(import.meta.url)('bullmq/package.json') as { version: string }).version;

/** Other versions may add or read jobs in another way. BullMQ leaves no trace of the version of a Worker. */
export function openedByChecks(name: string, openedBy: string | null, own: string = OWN): Check[] {
  const other = /^bullmq(?:-pro)?:(.+)$/.exec(openedBy ?? '')?.[1];
  if (other === undefined || other === own) return [];
  return [
    warning(
      'queues',
      `queue "${name}": a program with bullmq ${other} has opened it, and walmq has bullmq ${own}`,
      `Install bullmq ${own} in that program: docs/reference/packages.md.`,
    ),
  ];
}
