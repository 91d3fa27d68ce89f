import Big from 'big.js';

/** What an order comes to, in decimals as text, exact to the last digit. */
export interface Totals {
  /** Quantity times price over all items; undefined where there are none, or one has no price. */
  readonly items: string | undefined;
  /** As the order says it. */
  readonly order: string | undefined;
  /** What the order's total is above that of its items (below: negative); undefined where they agree or one is unknown. */
  readonly difference: string | undefined;
}

interface Priced {
  readonly quantity: number;
  readonly price: string | null;
}

/** Exact, with two decimals at least. `totalAmount`: PostgreSQL's text of a numeric; null where it is not known. */
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

/** A decimal with two digits after its point, or as many as it has. */
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

/** PostgreSQL's numeric may also be NaN: no amount. */
function decimalOf(text: string | null): Big | undefined {
  return text === null || text === 'NaN' ? undefined : new Big(text);
}

function amountText(amount: Big): string {
  const exact = amount.toFixed();
  const [, decimals = ''] = exact.split('.');
  // Zero has a sign in big.js, which nobody wants to read.
  return amount.eq(0) ? '0.00' : decimals.length > 2 ? exact : amount.toFixed(2);
}
