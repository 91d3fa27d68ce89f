import type { DeleteChange, EventChange, InsertChange } from 'walmq';
import { OnChange, OnWalmqEvent, type OrdersRow } from './tables.js';

/** Compiled, and never run: methods whose change has other types than the decorator says. */
export class Mistaken {
  // @ts-expect-error An insert has no old row.
  @OnChange('orders', 'insert')
  async insert(change: DeleteChange<OrdersRow>) {
    return change.before;
  }

  // @ts-expect-error There is no such column.
  @OnChange('orders', 'insert')
  async column(change: InsertChange<{ total: string }>) {
    return change.after.total;
  }

  // @ts-expect-error There is no such table.
  @OnChange('carts', 'insert')
  async table(change: InsertChange<OrdersRow>) {
    return change.after;
  }

  // @ts-expect-error There is no such event.
  @OnWalmqEvent('order.lost')
  async event(change: EventChange<{ id: number }>) {
    return change.after.payload;
  }
}
