import type { Mailer, OrderRow } from '@walmq/shop';
import { type HandlerContext, type UpdateChange, wholeBefore } from '@walmq/worker';
import { mailCustomer, type OrderMail } from './mail-customer.js';
import { type RecordRequest, requestFulfilment, requestRefund } from './record-request.js';

/** What reaching a status asks of our own departments. */
const REQUESTS: ReadonlyMap<string | null, RecordRequest> = new Map([
  ['paid', requestFulfilment],
  ['cancelled', requestRefund],
]);

/** What the customer hears on reaching a status. */
const MAILS: ReadonlyMap<string | null, OrderMail> = new Map([
  [
    'shipped',
    {
      name: 'shipping-mail',
      subject: orderId => `Order ${orderId} has shipped`,
      text: 'Your order is on its way.',
    },
  ],
  [
    'delivered',
    {
      name: 'review-request-mail',
      subject: orderId => `How was order ${orderId}?`,
      text: 'Your order was delivered. We would be glad of a review.',
    },
  ],
]);

/** An updated order: a new status has its effect, nothing else has any. */
export async function changeStatus(change: UpdateChange<OrderRow>, context: HandlerContext, mailer: Mailer) {
  const { after } = change;
  const { status: oldStatus } = wholeBefore(change, 'status');
  if (oldStatus === after.status) return { action: 'none', reason: 'status unchanged', order_id: after.id };
  const recordRequest = REQUESTS.get(after.status);
  if (recordRequest) await context.once(change, tx => recordRequest(tx, change.id, after));
  const mail = MAILS.get(after.status);
  if (mail) await mailCustomer(change, context, mailer, mail);
  return { action: 'status_change', order_id: after.id, old_status: oldStatus, new_status: after.status };
}
