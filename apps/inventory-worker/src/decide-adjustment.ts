import type { OrderItemRow } from '@walmq/shop';

/** Why no stock is kept for an item any more. Every reason except the first is final for that order. */
export type ReleaseReason =
  | 'item changed'
  | 'item deleted'
  | 'order cancelled'
  | 'order deleted'
  | 'table truncated'
  | 'id used again';

/** What is on record for an item: a reservation, a back-order, or the end of either. */
export interface Standing {
  readonly state: 'reserved' | 'released' | 'open' | 'closed';
  readonly order_id: number | null;
  readonly product_id: number;
  readonly quantity: number;
  readonly reason: string;
}

/** `unchanged`: nothing to do. `difference`: only quantity or order differ. `anew`: release, then reserve. */
export type Adjustment =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'difference'; readonly more: number }
  | { readonly kind: 'anew' };

const UNCHANGED: Adjustment = { kind: 'unchanged' };

/** What an update of an item requires, given what is on record for it. */
export function decideAdjustment(standings: readonly Standing[], item: OrderItemRow): Adjustment {
  if (standings.some(standing => isWithdrawn(standing, item))) return UNCHANGED;
  const current = standings.find(({ state }) => state === 'reserved' || state === 'open');
  if (!current || current.product_id !== item.product_id || item.quantity <= 0) return { kind: 'anew' };
  const more = item.quantity - current.quantity;
  if (more === 0 && current.order_id === item.order_id) return UNCHANGED;
  return current.state === 'reserved' ? { kind: 'difference', more } : { kind: 'anew' };
}

/** The former order gave its stock back, but the item may have moved to another order, which did not. */
function isWithdrawn({ state, reason, order_id }: Standing, item: OrderItemRow): boolean {
  if (state === 'reserved' || state === 'open' || reason === CHANGED) return false;
  return reason === DELETED || order_id === item.order_id;
}

const CHANGED: ReleaseReason = 'item changed';
const DELETED: ReleaseReason = 'item deleted';
