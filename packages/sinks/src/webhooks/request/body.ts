import type { Change } from '@walmq/change';
import { giveUp } from '@walmq/worker';
import type { WebhookEndpoint } from '../configure/endpoint.js';

/** The JSON text for one change; undefined: it is not sent. Throws HANDLER_GAVE_UP if `payload` fails. */
export function bodyOf(
  { payload, queue }: WebhookEndpoint,
  change: Change,
  name: string,
): string | undefined {
  try {
    return JSON.stringify(payload(change, name));
  } catch (cause) {
    // The cause's message may contain the row.
    throw Object.assign(giveUp(`the payload function of endpoint "${queue}" failed.`), { cause });
  }
}

/** One change of a request for several. */
export interface BatchItem {
  /** The `webhook-id` that a request for this change alone has. */
  readonly id: string;
  /** The JSON text that a request for this change alone has. */
  readonly body: string;
}

/**
 * The body of a request for several changes: the same bytes for the same items. The items are joined as text, so that each
 * is exactly what a request for it alone contains.
 */
export function batchBody(items: readonly BatchItem[], timestamp: string): string {
  const ids = JSON.stringify(items.map(({ id }) => id));
  const data = items.map(({ body }) => body).join(',');
  return `{"type":"walmq.batch","timestamp":${JSON.stringify(timestamp)},"ids":${ids},"data":[${data}]}`;
}

/** Of a body without items, with room for its timestamp. */
const FRAME_BYTES = 128;
/** Of an item's id with its quotes and comma, and of the comma after its body. */
const ID_BYTES = 40;

/**
 * Cuts a list into parts whose bodies have at most `maxBytes`, in the same order. An item that is larger by itself is a
 * part by itself.
 */
export function partsWithin<I extends { readonly body: string }>(
  items: readonly I[],
  maxBytes: number,
): I[][] {
  const parts: I[][] = [];
  let bytes = 0;
  for (const item of items) {
    const added = Buffer.byteLength(item.body) + ID_BYTES;
    const part = parts.at(-1);
    if (part && bytes + added <= maxBytes) {
      part.push(item);
      bytes += added;
    } else {
      parts.push([item]);
      bytes = FRAME_BYTES + added;
    }
  }
  return parts;
}
