import type { OrderRow } from '@walmq/shop';
import { type UpdateChange, wholeBefore } from '@walmq/worker';
import { claimEffect } from './claim-effect.js';
import { decideStatusChange, type OrderEffect, type StatusDecision } from './decide-status-change.js';
import { addressOf, mailCustomer, type OrderContext } from './mail-customer.js';
import { type OrderMail, REVIEW_REQUEST, SHIPPING } from './order-mails.js';

/** The effects that are a mail to the customer. */
const MAILS: Partial<Record<OrderEffect, OrderMail>> = {
  'shipping-mail': SHIPPING,
  'review-request-mail': REVIEW_REQUEST,
};

/** An updated order: a new status has its effect once per order. Other updates have none. */
export async function changeStatus(change: UpdateChange<OrderRow>, context: OrderContext) {
  const { after } = change;
  const { status: oldStatus } = wholeBefore(change, 'status');
  const decision = decideStatusChange(oldStatus, after.status);
  if (decision.transition === 'repeated')
    return { action: 'none', reason: 'status unchanged', order_id: after.id };
  report(after, decision, context);
  const { effect } = decision;
  const isMade = effect !== undefined && (await makeEffect(change, context, effect));
  return {
    action: 'status_change',
    order_id: after.id,
    old_status: oldStatus,
    new_status: after.status,
    ...remarks(decision),
    ...(effect === undefined || isMade ? {} : { not_repeated: effect }),
  };
}

/** Resolves to false if the order has had the effect before. */
async function makeEffect(
  change: UpdateChange<OrderRow>,
  context: OrderContext,
  effect: OrderEffect,
): Promise<boolean> {
  const { after, id: changeId } = change;
  const mail = MAILS[effect];
  // Before the claim: if the mail cannot be sent, a later change with a corrected address can still claim the
  // effect.
  if (mail) addressOf(after);
  const isOurs = await context.once(change, tx => claimEffect(tx, { order: after, effect, changeId }));
  if (isOurs && mail) await mailCustomer(change, context, mail);
  return isOurs;
}

/** What the result reports about an unusual step. */
function remarks({ transition, skipped }: StatusDecision) {
  if (transition === 'forward' || transition === 'cancelled') return {};
  return skipped.length > 0 ? { transition, skipped } : { transition };
}

function report(
  { id: orderId }: OrderRow,
  { transition, skipped }: StatusDecision,
  { log }: OrderContext,
): void {
  const facts = { event: 'order:status', orderId, transition };
  if (transition === 'reopened')
    log.warn(facts, `Order ${orderId} is open again: its stock was given back and a refund was asked for`);
  else if (transition === 'jump') log.info(facts, `Order ${orderId} left out ${skipped.join(', ')}`);
  else if (transition === 'backward') log.info(facts, `Order ${orderId} went back to an earlier status`);
  else if (transition === 'unknown')
    log.info(facts, `Order ${orderId} came from or went to a status unknown here`);
}
