import { join } from 'node:path';
import { createDiscardFile, type Discarded, discardFailed } from '@walmq/operations';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

export interface DiscardIntoOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Failed jobs. */
  readonly ids: readonly string[];
  readonly folder: string;
}

/**
 * Writes failed changes to a new file in the folder, then removes them. The changes parked behind them run
 * without them.
 */
export async function discardInto({
  folder,
  ...failed
}: DiscardIntoOptions): Promise<Discarded & { readonly file: string }> {
  const { path, write, close } = await createDiscardFile(join(folder, fileName(failed.queue.name)));
  try {
    return { ...(await discardFailed({ ...failed, write })), file: path };
  } finally {
    await close();
  }
}

function fileName(queue: string): string {
  return `walmq-discarded-${queue}-${new Date().toISOString().replaceAll(':', '-')}.jsonl`;
}
