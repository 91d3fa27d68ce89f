import type { Mailer, OrderRow } from '@walmq/shop';
import type { HandlerContext, InsertChange } from '@walmq/worker';
import { mailCustomer, type OrderMail } from './mail-customer.js';

const CONFIRMATION: OrderMail = {
  name: 'confirmation-mail',
  subject: orderId => `Order ${orderId} confirmed`,
  text: 'Thank you for your order.',
};

/** A new order: the customer gets a confirmation. */
export async function confirmOrder(change: InsertChange<OrderRow>, context: HandlerContext, mailer: Mailer) {
  const { id, customer_email, total_amount } = change.after;
  await mailCustomer(change, context, mailer, CONFIRMATION);
  return { action: 'new_order_processed', order_id: id, customer_email, total_amount };
}
