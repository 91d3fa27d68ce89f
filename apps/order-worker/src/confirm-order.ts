import { isMailAddress, type Mailer, type OrderRow } from '@walmq/shop';
import { giveUp, type HandlerContext, type InsertChange } from '@walmq/worker';

/** A new order: the customer gets a confirmation. */
export async function confirmOrder(
  change: InsertChange<OrderRow>,
  { effect }: HandlerContext,
  mailer: Mailer,
) {
  const { id, customer_email, total_amount } = change.after;
  const to = customerAddress(change.after);
  await effect(change, 'confirmation-mail', ({ messageId }) =>
    mailer.send({
      to,
      messageId,
      subject: `Order ${id} confirmed`,
      lines: [
        'Thank you for your order.',
        `Order number: ${id}`,
        `Total: ${total_amount ?? 'to be determined'}`,
      ],
    }),
  );
  return { action: 'new_order_processed', order_id: id, customer_email, total_amount };
}

/** Gives up on what is no single address: no retry mends it. */
export function customerAddress({ id, customer_email }: OrderRow): string {
  if (isMailAddress(customer_email)) return customer_email;
  throw giveUp(`customer_email of order ${id} is not a mail address.`);
}
