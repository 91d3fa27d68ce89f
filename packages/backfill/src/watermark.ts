import type { ClientBase } from 'pg';

/** Prefix of the logical messages between which a chunk is read. */
export const WATERMARK_PREFIX = 'walmq.watermark';

/** `low` is committed before a chunk is read, `high` after. */
export interface Watermark {
  readonly mark: 'low' | 'high';
  /** Of the chunk. */
  readonly token: string;
}

/**
 * Resolves when it is committed, and so is all that was committed before it, on synchronous standbys too: a commit that
 * still waits for one is in the stream already, but no query sees it.
 */
export async function emitWatermark(client: ClientBase, watermark: Watermark): Promise<void> {
  await client.query('SELECT pg_logical_emit_message(true, $1, $2)', [
    WATERMARK_PREFIX,
    JSON.stringify(watermark),
  ]);
}

/** Longer is none of ours. */
const MAX_BYTES = 200;

/** Undefined for what is no watermark. Its token is a secret of the capture that emitted it: nobody else can make one. */
export function readWatermark(content: Buffer): Watermark | undefined {
  if (content.length > MAX_BYTES) return undefined;
  try {
    const { mark, token } = JSON.parse(content.toString('utf8')) as Partial<Watermark>;
    if ((mark === 'low' || mark === 'high') && typeof token === 'string') return { mark, token };
  } catch {
    // somebody else's
  }
  return undefined;
}
