import type { DeleteChange, EventChange, HandlerContext, InsertChange, UpdateChange } from 'walmq';
import { WalmqWorker } from 'walmq/nestjs';
import { Ledger } from './ledger.js';
import { type Events, OnChange, OnWalmqEvent, type OrdersRow } from './tables.js';

/** One try of ten fails. */
function mayFail(): void {
  if (Math.random() < 0.1) throw new Error('one of ten');
}

@WalmqWorker('orders')
export class OrdersWorker {
  constructor(private readonly ledger: Ledger) {}

  @OnChange('orders', 'insert', 'update')
  async changed(change: InsertChange<OrdersRow> | UpdateChange<OrdersRow>, { once }: HandlerContext) {
    const { id, step } = change.after;
    mayFail();
    await this.ledger.begin(id);
    const made = await once(change, tx => this.ledger.write(tx, 'orders', id, step));
    mayFail();
    return made;
  }

  @OnChange('orders', 'delete')
  async removed(change: DeleteChange<OrdersRow>, { once }: HandlerContext) {
    return await once(change, tx => this.ledger.write(tx, 'orders', change.before.id, null));
  }
}

/** A second class of the queue. */
@WalmqWorker('orders')
export class PaymentsWorker {
  constructor(private readonly ledger: Ledger) {}

  @OnWalmqEvent('order.paid')
  async paid(event: EventChange<Events['order.paid']>, { once }: HandlerContext) {
    return await once(event, tx => this.ledger.write(tx, 'events', event.after.payload.id, null));
  }
}
