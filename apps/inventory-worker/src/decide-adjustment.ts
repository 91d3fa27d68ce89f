import type { OrderItemRow } from '@walmq/shop';

/** Why stock is no longer kept for an item. After all but the first, it never is again. */
export type ReleaseReason = 'item changed' | 'item deleted' | 'order cancelled' | 'order deleted';

/** What is on record for an item: a reservation, a back-order, or what became of either. */
export interface Standing {
  readonly state: 'reserved' | 'released' | 'open' | 'closed';
  readonly order_id: number | null;
  readonly product_id: number;
  readonly quantity: number;
  readonly reason: string;
}

/** `unchanged`: it stands as it is. `difference`: only its quantity or order differs. `anew`: release, then reserve. */
export type Adjustment =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'difference'; readonly more: number }
  | { readonly kind: 'anew' };

const UNCHANGED: Adjustment = { kind: 'unchanged' };

/** What an update of an item asks of what is on record for it. */
export function decideAdjustment(standings: readonly Standing[], item: OrderItemRow): Adjustment {
  if (standings.some(isWithdrawn)) return UNCHANGED;
  const current = standings.find(({ state }) => state === 'reserved' || state === 'open');
  if (!current || current.product_id !== item.product_id || item.quantity <= 0) return { kind: 'anew' };
  const more = item.quantity - current.quantity;
  if (more === 0 && current.order_id === item.order_id) return UNCHANGED;
  return current.state === 'reserved' ? { kind: 'difference', more } : { kind: 'anew' };
}

function isWithdrawn({ state, reason }: Standing): boolean {
  const changed: ReleaseReason = 'item changed';
  return (state === 'released' || state === 'closed') && reason !== changed;
}
