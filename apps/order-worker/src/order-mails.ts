import {
  formatAmount,
  lineTotal,
  type MailBlock,
  type MailContent,
  type NamedItem,
  type Totals,
} from '@walmq/shop';

/** An order as its mails show it. */
export interface OrderSummary {
  readonly orderId: number;
  readonly items: readonly NamedItem[];
  readonly totals: Totals;
}

/** A kind of mail to an order's customer. */
export interface OrderMail {
  /** Name of the effect: each mail of a change is sent once under its name. */
  readonly name: string;
  readonly subject: (orderId: number) => string;
  readonly content: (order: OrderSummary) => MailContent;
}

export const CONFIRMATION: OrderMail = {
  name: 'confirmation-mail',
  subject: orderId => `Order ${orderId} confirmed`,
  content: order => ({
    heading: 'Thank you for your order',
    blocks: [
      paragraph(`We have received order ${order.orderId}.`),
      ...(order.items.length > 0
        ? itemBlocks(order)
        : [paragraph('Its items are not recorded yet. The mail that tells you of the shipping lists them.')]),
      totalsBlock(order),
    ],
  }),
};

export const SHIPPING: OrderMail = {
  name: 'shipping-mail',
  subject: orderId => `Order ${orderId} has shipped`,
  content: order => ({
    heading: 'Your order is on its way',
    blocks: [
      paragraph(`Order ${order.orderId} has left our warehouse.`),
      ...itemBlocks(order),
      totalsBlock(order),
    ],
  }),
};

export const REVIEW_REQUEST: OrderMail = {
  name: 'review-request-mail',
  subject: orderId => `How was order ${orderId}?`,
  content: order => ({
    heading: 'How was your order?',
    blocks: [
      paragraph(`Order ${order.orderId} was delivered. We would be glad of a review.`),
      ...itemBlocks(order),
    ],
  }),
};

/** A mail is not an invoice: above this number it only counts the remaining items. */
const ITEMS_SHOWN = 100;

function itemBlocks({ items }: OrderSummary): MailBlock[] {
  if (items.length === 0) return [];
  const more = items.length - ITEMS_SHOWN;
  return [
    {
      kind: 'items',
      items: items.slice(0, ITEMS_SHOWN).map(item => ({
        name: item.name ?? `Product ${item.product_id}`,
        quantity: item.quantity,
        price: formatAmount(item.price),
        total: lineTotal(item),
      })),
    },
    ...(more > 0 ? [paragraph(`And ${more} more.`)] : []),
  ];
}

/** The order's own total counts. The difference to its items has a line of its own. */
function totalsBlock({ orderId, totals }: OrderSummary): MailBlock {
  const { items, difference, order } = totals;
  const between: [string, string][] =
    items === undefined || difference === undefined
      ? []
      : [
          ['Items', items],
          [difference.startsWith('-') ? 'Discount' : 'Other charges', difference],
        ];
  return {
    kind: 'facts',
    facts: [['Order number', String(orderId)], ...between, ['Total', order ?? items ?? 'to be determined']],
  };
}

function paragraph(text: string): MailBlock {
  return { kind: 'paragraph', text };
}
