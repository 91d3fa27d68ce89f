/** An item that waits for stock. */
export interface BackOrder {
  readonly item_id: number;
  readonly order_id: number | null;
  readonly quantity: number;
}

/**
 * Selects the waiting items, oldest first, for which the stock is enough. An item that needs more than is
 * left is skipped.
 */
export function chooseFills(stock: number, waiting: readonly BackOrder[]): BackOrder[] {
  let left = stock;
  return waiting.filter(({ quantity }) => {
    if (quantity > left) return false;
    left -= quantity;
    return true;
  });
}
