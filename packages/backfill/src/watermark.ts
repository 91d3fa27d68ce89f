import type { ClientBase } from 'pg';

/** Prefix of the logical messages between which a chunk is read. */
export const WATERMARK_PREFIX = 'walmq.watermark';

/** `low` is committed before a chunk is read, `high` after. */
export interface Watermark {
  readonly mark: 'low' | 'high';
  /** Identifies the chunk. */
  readonly token: string;
}

/**
 * Resolves when the watermark is committed, on synchronous standbys too. A commit that waits for a standby is in the stream
 * already, but no query sees it yet.
 */
export async function emitWatermark(client: ClientBase, watermark: Watermark): Promise<void> {
  await client.query('SELECT pg_logical_emit_message(true, $1, $2)', [
    WATERMARK_PREFIX,
    JSON.stringify(watermark),
  ]);
}

/** A longer message is no watermark. */
const MAX_BYTES = 200;

/** Undefined if the content is no watermark. The token is a secret of the capture that emitted it, so it cannot be forged. */
export function readWatermark(content: Buffer): Watermark | undefined {
  if (content.length > MAX_BYTES) return undefined;
  try {
    const { mark, token } = JSON.parse(content.toString('utf8')) as Partial<Watermark>;
    if ((mark === 'low' || mark === 'high') && typeof token === 'string') return { mark, token };
  } catch {
    // A message of another program.
  }
  return undefined;
}
