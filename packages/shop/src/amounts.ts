import Big from 'big.js';

/** Totals of an order as decimal text, exact to the last digit. */
export interface Totals {
  /** Quantity times price over all items; undefined without items, or if an item has no price. */
  readonly items: string | undefined;
  /** The total in the order's row. */
  readonly order: string | undefined;
  /** The order's total minus that of its items; undefined if they agree or one is unknown. */
  readonly difference: string | undefined;
}

interface Priced {
  readonly quantity: number;
  readonly price: string | null;
}

/** Exact, with at least two decimals. `totalAmount`: PostgreSQL's text of a numeric; null if unknown. */
export function totalsOf(totalAmount: string | null, items: readonly Priced[]): Totals {
  const sum = sumOf(items);
  const order = decimalOf(totalAmount);
  const difference = sum && order ? order.minus(sum) : undefined;
  return {
    items: sum && amountText(sum),
    order: order && amountText(order),
    difference: difference && !difference.eq(0) ? amountText(difference) : undefined,
  };
}

/** Quantity times price; undefined without a price. */
export function lineTotal({ quantity, price }: Priced): string | undefined {
  const each = decimalOf(price);
  return each && amountText(each.times(quantity));
}

/** A decimal with at least two digits after its point. */
export function formatAmount(amount: string | null): string | undefined {
  const decimal = decimalOf(amount);
  return decimal && amountText(decimal);
}

function sumOf(items: readonly Priced[]): Big | undefined {
  let sum: Big | undefined;
  for (const { quantity, price } of items) {
    const each = decimalOf(price);
    if (!each) return undefined;
    sum = each.times(quantity).plus(sum ?? 0);
  }
  return sum;
}

/** PostgreSQL's numeric may also be NaN, which is no amount. */
function decimalOf(text: string | null): Big | undefined {
  return text === null || text === 'NaN' ? undefined : new Big(text);
}

function amountText(amount: Big): string {
  const exact = amount.toFixed();
  const [, decimals = ''] = exact.split('.');
  // big.js keeps a sign on zero, which must not be shown.
  return amount.eq(0) ? '0.00' : decimals.length > 2 ? exact : amount.toFixed(2);
}
