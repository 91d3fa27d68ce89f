import type { InventoryRow, Mailer } from '@walmq/shop';
import { type HandlerContext, type InsertChange, type UpdateChange, wholeBefore } from '@walmq/worker';

export interface AlertOptions {
  readonly mailer: Mailer;
  /** Address of the inventory team. */
  readonly team: string;
}

export async function updateInventory(
  change: UpdateChange<InventoryRow>,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { after } = change;
  const before = wholeBefore(change, 'stock_quantity');
  const alert = crossesThreshold(before, after);
  if (alert) await alertLowStock(change, context, options);
  return {
    action: 'inventory_updated',
    product_id: after.product_id,
    old_stock: before.stock_quantity,
    new_stock: after.stock_quantity,
    ...(alert ? { low_stock_alert: true } : {}),
  };
}

export async function addInventory(
  change: InsertChange<InventoryRow>,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { after } = change;
  const alert = crossesThreshold(null, after);
  if (alert) await alertLowStock(change, context, options);
  return {
    action: 'inventory_added',
    product_id: after.product_id,
    stock: after.stock_quantity,
    ...(alert ? { low_stock_alert: true } : {}),
  };
}

/** Once per crossing: low now, and not low before. `before` is null for a new product. */
export function crossesThreshold(before: InventoryRow | null, after: InventoryRow): boolean {
  return isLow(after) && !(before && isLow(before));
}

function isLow({ stock_quantity, low_stock_threshold }: InventoryRow): boolean {
  return low_stock_threshold !== null && stock_quantity <= low_stock_threshold;
}

/** The row first: a mail that fails is tried again and finds its row made; a row after the mail could repeat the mail. */
async function alertLowStock(
  change: InsertChange<InventoryRow> | UpdateChange<InventoryRow>,
  { once, effect, signal }: HandlerContext,
  { mailer, team }: AlertOptions,
): Promise<void> {
  const { product_id, stock_quantity, low_stock_threshold } = change.after;
  await once(change, async tx => {
    await tx.query(
      `INSERT INTO shop.low_stock_alerts (change_id, product_id, stock_quantity, low_stock_threshold)
       VALUES ($1, $2, $3, $4)`,
      [change.id, product_id, stock_quantity, low_stock_threshold],
    );
  });
  await effect(change, 'low-stock-mail', ({ messageId }) =>
    mailer.send({ to: team, messageId, ...lowStockMail(change.after) }, signal),
  );
}

function lowStockMail({ product_id, stock_quantity, low_stock_threshold }: InventoryRow) {
  const subject = `Low stock: product ${product_id}`;
  const text = `Product ${product_id} is down to ${stock_quantity} (threshold ${low_stock_threshold}).`;
  return { subject, content: { heading: subject, blocks: [{ kind: 'paragraph', text }] } } as const;
}
