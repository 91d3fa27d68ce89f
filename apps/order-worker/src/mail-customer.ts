import { isMailAddress, type Mailer, type OrderRow } from '@walmq/shop';
import { giveUp, type HandlerContext, type InsertChange, type UpdateChange } from '@walmq/worker';

export interface OrderMail {
  /** Of the effect: each of a change's mails is sent once by its name. */
  readonly name: string;
  readonly subject: (orderId: number) => string;
  readonly text: string;
}

/** Mails an order's customer. Gives up on what is no single address: no retry mends it. */
export async function mailCustomer(
  change: InsertChange<OrderRow> | UpdateChange<OrderRow>,
  { effect }: HandlerContext,
  mailer: Mailer,
  { name, subject, text }: OrderMail,
): Promise<void> {
  const { id, customer_email: to, total_amount } = change.after;
  if (!isMailAddress(to)) throw giveUp(`customer_email of order ${id} is not a mail address.`);
  const lines = [text, `Order number: ${id}`, `Total: ${total_amount ?? 'to be determined'}`];
  await effect(change, name, ({ messageId }) => mailer.send({ to, messageId, subject: subject(id), lines }));
}
