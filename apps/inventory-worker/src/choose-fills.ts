/** An item that waits for stock. */
export interface BackOrder {
  readonly item_id: number;
  readonly order_id: number | null;
  readonly quantity: number;
}

/** Which of the waiting, oldest first, the stock is enough for; one that wants more than is left lets the next go ahead. */
export function chooseFills(stock: number, waiting: readonly BackOrder[]): BackOrder[] {
  let left = stock;
  return waiting.filter(({ quantity }) => {
    if (quantity > left) return false;
    left -= quantity;
    return true;
  });
}
