import type { InventoryRow, Mailer } from '@walmq/shop';
import type { HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';

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
  const { before, after } = change;
  const alerted = crossesThreshold(before, after) && (await alertLowStock(change, context, options));
  return {
    action: 'inventory_updated',
    product_id: after.product_id,
    old_stock: before?.stock_quantity ?? null,
    new_stock: after.stock_quantity,
    ...(alerted ? { low_stock_alert: true } : {}),
  };
}

export async function addInventory(
  change: InsertChange<InventoryRow>,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { after } = change;
  const alerted = crossesThreshold(null, after) && (await alertLowStock(change, context, options));
  return {
    action: 'inventory_added',
    product_id: after.product_id,
    stock: after.stock_quantity,
    ...(alerted ? { low_stock_alert: true } : {}),
  };
}

/** Once per crossing: low now, and not low before. */
export function crossesThreshold(before: InventoryRow | null, after: InventoryRow): boolean {
  return isLow(after) && !(before && isLow(before));
}

function isLow({ stock_quantity, low_stock_threshold }: InventoryRow): boolean {
  return low_stock_threshold !== null && stock_quantity <= low_stock_threshold;
}

async function alertLowStock(
  change: InsertChange<InventoryRow> | UpdateChange<InventoryRow>,
  { once, effect }: HandlerContext,
  { mailer, team }: AlertOptions,
): Promise<true> {
  const { product_id, stock_quantity, low_stock_threshold } = change.after;
  await once(change, tx =>
    tx
      .query(
        'INSERT INTO shop.low_stock_alerts (change_id, product_id, stock_quantity, low_stock_threshold) VALUES ($1, $2, $3, $4)',
        [change.id, product_id, stock_quantity, low_stock_threshold],
      )
      .then(() => null),
  );
  await effect(change, 'low-stock-mail', ({ messageId }) =>
    mailer.send({
      to: team,
      messageId,
      subject: `Low stock: product ${product_id}`,
      lines: [`Product ${product_id} is down to ${stock_quantity} (threshold ${low_stock_threshold}).`],
    }),
  );
  return true;
}
