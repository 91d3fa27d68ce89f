import type { Mailer, OrderRow } from '@walmq/shop';
import type { HandlerContext, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { customerAddress } from './confirm-order.js';

/** What a new status calls for. */
type StatusEffect =
  | { readonly kind: 'mail'; readonly name: string; readonly subject: string; readonly line: string }
  | {
      readonly kind: 'row';
      readonly request: (tx: PoolClient, changeId: string, order: OrderRow) => Promise<unknown>;
    };

const STATUS_EFFECTS: Readonly<Record<string, (order: OrderRow) => StatusEffect>> = {
  paid: () => ({ kind: 'row', request: requestFulfilment }),
  shipped: ({ id }) => ({
    kind: 'mail',
    name: 'shipping-mail',
    subject: `Order ${id} has shipped`,
    line: 'Your order is on its way.',
  }),
  delivered: ({ id }) => ({
    kind: 'mail',
    name: 'review-request-mail',
    subject: `How was order ${id}?`,
    line: 'Your order was delivered. We would be glad of a review.',
  }),
  cancelled: () => ({ kind: 'row', request: requestRefund }),
};

/** An order whose status has changed. */
export async function changeStatus(change: UpdateChange<OrderRow>, context: HandlerContext, mailer: Mailer) {
  const { before, after } = change;
  if (before && before.status === after.status)
    return { action: 'none', reason: 'status unchanged', order_id: after.id };
  const effect = STATUS_EFFECTS[after.status ?? '']?.(after);
  if (effect?.kind === 'row') await context.once(change, tx => effect.request(tx, change.id, after));
  if (effect?.kind === 'mail')
    await context.effect(change, effect.name, ({ messageId }) =>
      mailer.send({
        to: customerAddress(after),
        messageId,
        subject: effect.subject,
        lines: [effect.line, `Order number: ${after.id}`],
      }),
    );
  return {
    action: 'status_change',
    order_id: after.id,
    old_status: before?.status ?? null,
    new_status: after.status,
  };
}

async function requestFulfilment(tx: PoolClient, changeId: string, order: OrderRow): Promise<void> {
  await tx.query('INSERT INTO shop.fulfilment_requests (change_id, order_id) VALUES ($1, $2)', [
    changeId,
    order.id,
  ]);
}

async function requestRefund(tx: PoolClient, changeId: string, order: OrderRow): Promise<void> {
  await tx.query('INSERT INTO shop.refund_requests (change_id, order_id, amount) VALUES ($1, $2, $3)', [
    changeId,
    order.id,
    order.total_amount,
  ]);
}
