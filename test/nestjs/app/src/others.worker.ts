import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { BatchChange, BatchContext, HandlerContext, InsertChange } from 'walmq';
import { OnChange, WalmqWorker } from 'walmq/nestjs';
import { Ledger } from './ledger.js';
import { OnBatch, type OrdersRow, type Tables } from './tables.js';

type AnyChange = BatchChange<Tables>;

@WalmqWorker('batches')
export class BatchesWorker {
  constructor(private readonly ledger: Ledger) {}

  @OnBatch({ size: 10, waitMs: 20 })
  async all(changes: readonly AnyChange[], { once, drop }: BatchContext<AnyChange>) {
    for (const change of changes) if (change.op !== 'insert') drop(change, 'only new orders count');
    const inserts = changes.filter(change => change.op === 'insert');
    await once(inserts, async (tx, due) => {
      for (const { after } of due) await this.ledger.write(tx, 'batches', after.id, after.step);
    });
  }
}

/** Made for each change, which it may inject. */
@Injectable({ scope: Scope.REQUEST })
@WalmqWorker('requests')
export class RequestsWorker {
  private calls = 0;

  constructor(
    private readonly ledger: Ledger,
    @Inject(REQUEST) private readonly change: InsertChange<OrdersRow>,
  ) {}

  // Without the types of the tables.
  @OnChange('orders', 'insert')
  async inserted({ id }: InsertChange<OrdersRow>, { once }: HandlerContext) {
    this.calls += 1;
    if (id !== this.change.id || this.calls !== 1) throw new Error('of another change');
    const { after } = this.change;
    return await once(this.change, tx => this.ledger.write(tx, 'requests', after.id, after.step));
  }
}
