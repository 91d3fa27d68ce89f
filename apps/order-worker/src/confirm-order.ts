import type { OrderRow } from '@walmq/shop';
import type { InsertChange } from '@walmq/worker';
import { forgetEffects } from './claim-effect.js';
import { mailCustomer, type OrderContext } from './mail-customer.js';
import { CONFIRMATION } from './order-mails.js';

/**
 * A new order: sends the customer a confirmation. Effects of an earlier order with the same id do not count.
 */
export async function confirmOrder(change: InsertChange<OrderRow>, context: OrderContext) {
  const { id, customer_email, total_amount } = change.after;
  await forgetEffects(context.pool, { orderId: id, before: change.id });
  await mailCustomer(change, context, CONFIRMATION);
  return { action: 'new_order_processed', order_id: id, customer_email, total_amount };
}
