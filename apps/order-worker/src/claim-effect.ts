import type { OrderRow } from '@walmq/shop';
import type { Pool, PoolClient } from 'pg';
import type { OrderEffect } from './decide-status-change.js';
import { type RecordRequest, requestFulfilment, requestRefund } from './record-request.js';

/** Effects that are a row for another department; the row is written together with the claim. */
const REQUESTS: Partial<Record<OrderEffect, RecordRequest>> = {
  fulfilment: requestFulfilment,
  refund: requestRefund,
};

/** Claims an effect for a change, once per order. Resolves to false if an earlier change has claimed it. */
export async function claimEffect(
  tx: PoolClient,
  claim: { readonly order: OrderRow; readonly effect: OrderEffect; readonly changeId: string },
): Promise<boolean> {
  const { order, effect, changeId } = claim;
  const { rowCount } = await tx.query(
    'INSERT INTO shop.order_effects (order_id, effect, change_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [order.id, effect, changeId],
  );
  if (rowCount === 0) return false;
  await REQUESTS[effect]?.(tx, changeId, order);
  return true;
}

/** A limit on the driver's side too: a silent server does not hold up the order. */
const TIMEOUT_MS = 10_000;

/** The order's id is used again: claims by earlier changes no longer count. */
export async function forgetEffects(
  pool: Pool,
  { orderId, before }: { readonly orderId: number; readonly before: string },
): Promise<void> {
  const statement = {
    text: 'DELETE FROM shop.order_effects WHERE order_id = $1 AND change_id COLLATE "C" < $2',
    values: [orderId, before],
    query_timeout: TIMEOUT_MS,
  };
  await pool.query(statement);
}
