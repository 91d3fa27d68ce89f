import { type Mailer, mailAddress, type OrderRow, readItems, totalsOf } from '@walmq/shop';
import { giveUp, type HandlerContext, type InsertChange, type UpdateChange } from '@walmq/worker';
import type { Pool } from 'pg';
import type { OrderMail } from './order-mails.js';

/** What the handlers of orders need besides the kit's context. */
export interface OrderTools {
  readonly mailer: Mailer;
  /** The database of the orders: a mail shows an order's items as they are when it is sent. */
  readonly pool: Pool;
}

export type OrderContext = HandlerContext<OrderTools>;

/** Mails an order's customer. Gives up if the address is not a single valid one, because no retry helps. */
export async function mailCustomer(
  change: InsertChange<OrderRow> | UpdateChange<OrderRow>,
  { effect, log, mailer, pool, signal }: OrderContext,
  { name, subject, content }: OrderMail,
): Promise<void> {
  const { id: orderId, total_amount } = change.after;
  const to = addressOf(change.after);
  await effect(change, name, async ({ messageId }) => {
    // `effect` acts once the change's transaction is visible, and then the order's items are visible too.
    const items = await readItems(pool, orderId);
    const totals = totalsOf(total_amount, items);
    if (totals.difference !== undefined)
      log.info(
        { event: 'order:total-differs', orderId },
        `Order ${orderId}: its items do not add up to its total`,
      );
    const mail = { to, messageId, subject: subject(orderId), content: content({ orderId, items, totals }) };
    await mailer.send(mail, signal);
  });
}

/** Throws HANDLER_GAVE_UP. */
export function addressOf({ id, customer_email }: OrderRow): string {
  const address = mailAddress(customer_email);
  if (address === undefined) throw giveUp(`customer_email of order ${id} is not a mail address.`);
  return address;
}
