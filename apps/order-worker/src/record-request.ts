import type { OrderRow } from '@walmq/shop';
import type { PoolClient } from 'pg';

/** A row that another department processes; one per change that requested it. */
export type RecordRequest = (tx: PoolClient, changeId: string, order: OrderRow) => Promise<void>;

export const requestFulfilment: RecordRequest = async (tx, changeId, order) => {
  await tx.query('INSERT INTO shop.fulfilment_requests (change_id, order_id) VALUES ($1, $2)', [
    changeId,
    order.id,
  ]);
};

export const requestRefund: RecordRequest = async (tx, changeId, order) => {
  await tx.query('INSERT INTO shop.refund_requests (change_id, order_id, amount) VALUES ($1, $2, $3)', [
    changeId,
    order.id,
    order.total_amount,
  ]);
};
