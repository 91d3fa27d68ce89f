import { decoratorsFor } from 'walmq/nestjs';

export interface OrdersRow {
  id: number;
  step: number;
}
export interface Tables {
  orders: OrdersRow;
}
export interface Events {
  'order.paid': { id: number };
}

export const { OnChange, OnWalmqEvent } = decoratorsFor<Tables, Events>();
/** Of a queue without events. */
export const { OnBatch } = decoratorsFor<Tables>();
