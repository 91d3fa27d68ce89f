import type { Inbox } from '@walmq/embedded';
import { until } from '@walmq/supervise';
import type pg from 'pg';
import {
  CUSTOMER,
  LOW_STOCK,
  type Order,
  PRODUCTS,
  RESTOCKED,
  STOCK,
  type Story,
  stockOf,
} from './scenario.js';

/** A condition that must hold some time after the scenario, described in words. */
export interface Effect {
  readonly name: string;
  holds(): Promise<boolean>;
}

/** Sales and alerts of the scenario's products before it began. */
export interface Baseline {
  readonly sold: ReadonlyMap<number, number>;
  readonly alerts: number;
  /** Number of mails that the mail server accepted, by the name of the effect. */
  readonly mails: ReadonlyMap<string, number>;
}

const EFFECTS_TIMEOUT_MS = 30_000;

export async function readBaseline(pool: pg.Pool): Promise<Baseline> {
  const sold = new Map<number, number>();
  for (const productId of STOCK.keys()) sold.set(productId, await soldOf(pool, productId));
  return { sold, alerts: await alertsOf(pool, 1), mails: await countMails(pool) };
}

/** Waits for all effects at once; resolves to the names of those that did not arrive in time. */
export async function missingEffects(effects: readonly Effect[], signal: AbortSignal): Promise<string[]> {
  const results = await Promise.all(
    effects.map(async effect => ({
      name: effect.name,
      came: await until(effect.holds, { timeoutMs: EFFECTS_TIMEOUT_MS, signal }),
    })),
  );
  return results.filter(result => !result.came).map(result => result.name);
}

/**
 * Everything that must follow from the scenario. Checks the inbox, or the workers' ledger if the mail server
 * is not the demo's own.
 */
export function expectedEffects(options: {
  pool: pg.Pool;
  inbox: Inbox | undefined;
  story: Story;
  baseline: Baseline;
}): Effect[] {
  const { pool, inbox, story, baseline } = options;
  const rows = rowEffects(pool, story, baseline);
  return [...rows, ...(inbox ? mailEffects(inbox, story) : ledgerEffects(pool, baseline))];
}

function rowEffects(pool: pg.Pool, story: Story, baseline: Baseline): Effect[] {
  const { shipped, cancelled, deleted, waited } = story;
  const exists = async (sql: string, values: unknown[]) => (await pool.query(sql, values)).rows.length > 0;
  const reservation = (itemId: number, state: string) =>
    exists('SELECT 1 FROM shop.reservations WHERE order_item_id = $1 AND state = $2', [itemId, state]);
  const stock = async (productId: number, expected: number | undefined) =>
    (await stockOf(pool, productId)) === expected;
  const sold = async (productId: number, more: number) =>
    (await soldOf(pool, productId)) === (baseline.sold.get(productId) ?? 0) + more;

  const isTakenBack = (itemId: number) =>
    exists(
      `SELECT 1 FROM walmq.inbox
       WHERE queue = 'order_items' AND result ->> 'action' = 'item_removed' AND result ->> 'item_id' = $1`,
      [String(itemId)],
    );

  return [
    {
      name: `fulfilment requested for paid order ${shipped.orderId}`,
      holds: () => exists('SELECT 1 FROM shop.fulfilment_requests WHERE order_id = $1', [shipped.orderId]),
    },
    {
      name: `refund requested for cancelled order ${cancelled.orderId}`,
      holds: () => exists('SELECT 1 FROM shop.refund_requests WHERE order_id = $1', [cancelled.orderId]),
    },
    {
      name: `stock reserved for shipped order ${shipped.orderId}`,
      holds: () => reservation(shipped.itemId, 'reserved'),
    },
    {
      name: `back-order of order ${waited.orderId} filled`,
      holds: async () =>
        (await reservation(waited.itemId, 'reserved')) &&
        (await stock(waited.productId, RESTOCKED - waited.quantity)),
    },
    ...[cancelled, deleted].flatMap(order => [
      {
        name: `reservation of order ${order.orderId} released`,
        holds: () => reservation(order.itemId, 'released'),
      },
      {
        name: `stock of product ${order.productId} back at ${STOCK.get(order.productId)}`,
        holds: () => stock(order.productId, STOCK.get(order.productId)),
      },
    ]),
    {
      name: `stock of product ${shipped.productId} at ${LOW_STOCK}`,
      holds: () => stock(shipped.productId, LOW_STOCK),
    },
    {
      name: 'low-stock alert for product 1',
      holds: async () => (await alertsOf(pool, 1)) === baseline.alerts + 1,
    },
    ...[shipped, cancelled, waited].map(order => ({
      name: `${order.quantity} sold of product ${order.productId} counted`,
      holds: () => sold(order.productId, order.quantity),
    })),
    {
      name: `deleted item of product ${deleted.productId} counted and taken back`,
      // Checks the count too: the sum alone is also right before the item is counted, and after it was taken
      // back.
      holds: async () => (await isTakenBack(deleted.itemId)) && (await sold(deleted.productId, 0)),
    },
  ];
}

function mailEffects(inbox: Inbox, story: Story): Effect[] {
  const { shipped, cancelled, deleted, waited } = story;
  const mailsOf = (to: string | undefined, subject: string) =>
    inbox.mails().filter(mail => mail.subject === subject && (to === undefined || mail.to.includes(to)));
  const mailed = async (to: string | undefined, subject: string) => mailsOf(to, subject).length > 0;
  const lists = async ({ productId, quantity }: Order, subject: string) => {
    const line = `- ${quantity} x ${PRODUCTS.get(productId)}: `;
    return mailsOf(CUSTOMER, subject).some(({ text }) => text.includes(line));
  };
  return [
    ...[shipped, deleted].map(({ orderId }) => ({
      name: `confirmation mail for order ${orderId}`,
      holds: () => mailed(CUSTOMER, `Order ${orderId} confirmed`),
    })),
    ...[cancelled, waited].map(order => ({
      name: `confirmation mail for order ${order.orderId}, with its items`,
      holds: () => lists(order, `Order ${order.orderId} confirmed`),
    })),
    {
      name: `shipping mail for order ${shipped.orderId}, with its items`,
      holds: () => lists(shipped, `Order ${shipped.orderId} has shipped`),
    },
    {
      name: `low-stock mail for product ${shipped.productId}`,
      holds: () => mailed(undefined, `Low stock: product ${shipped.productId}`),
    },
  ];
}

/** The scenario's mails, by the names that the workers give the effects. */
const MAILS = new Map([
  ['confirmation-mail', 4],
  ['shipping-mail', 1],
  ['low-stock-mail', 1],
]);

function ledgerEffects(pool: pg.Pool, baseline: Baseline): Effect[] {
  return [...MAILS].map(([name, more]) => ({
    name: `${more} × ${name} accepted by the mail server`,
    holds: async () => (await countMails(pool)).get(name) === (baseline.mails.get(name) ?? 0) + more,
  }));
}

/** Number of all mails so far, by the name of the effect. */
export async function countMails(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ name: string; mails: number }>(
    "SELECT name, count(*)::int AS mails FROM walmq.effects WHERE state = 'done' GROUP BY name ORDER BY name",
  );
  return new Map(rows.map(({ name, mails }) => [name, mails]));
}

async function soldOf(pool: pg.Pool, productId: number): Promise<number> {
  const { rows } = await pool.query<{ sold: number }>(
    'SELECT coalesce(sum(quantity), 0)::int AS sold FROM shop.product_analytics WHERE product_id = $1',
    [productId],
  );
  return rows[0]?.sold ?? 0;
}

async function alertsOf(pool: pg.Pool, productId: number): Promise<number> {
  const { rows } = await pool.query<{ alerts: number }>(
    'SELECT count(*)::int AS alerts FROM shop.low_stock_alerts WHERE product_id = $1',
    [productId],
  );
  return rows[0]?.alerts ?? 0;
}
