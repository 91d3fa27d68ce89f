// Written by "walmq types" from the database's catalog. Do not edit: change the tables, then run it again.
// "walmq types --check" says what has drifted.

import { rowOf, type TableDescription, values } from 'walmq';

/** A row of `inventory`. */
export interface InventoryRow {
  /** `integer` */
  product_id: number;
  /** `integer` */
  stock_quantity: number;
  /** `integer` */
  low_stock_threshold: number | null;
  /** `timestamp without time zone` */
  updated_at: string | null;
}

export const inventoryRow = rowOf<InventoryRow>()({
  product_id: values.integer,
  stock_quantity: values.integer,
  low_stock_threshold: values.integer.nullable(),
  updated_at: values.timestamp.nullable(),
});

/** A row of `order_items`. */
export interface OrderItemsRow {
  /** `integer` */
  id: number;
  /** `integer` */
  order_id: number | null;
  /** `integer` */
  product_id: number;
  /** `integer` */
  quantity: number;
  /** `numeric(10,2)` */
  price: string | null;
}

export const orderItemsRow = rowOf<OrderItemsRow>()({
  id: values.integer,
  order_id: values.integer.nullable(),
  product_id: values.integer,
  quantity: values.integer,
  price: values.numeric.nullable(),
});

/** A row of `orders`. */
export interface OrdersRow {
  /** `integer` */
  id: number;
  /** `character varying(255)` */
  customer_email: string;
  /** `character varying(50)` */
  status: string | null;
  /** `numeric(10,2)` */
  total_amount: string | null;
  /** `timestamp without time zone` */
  created_at: string | null;
  /** `timestamp without time zone` */
  updated_at: string | null;
}

export const ordersRow = rowOf<OrdersRow>()({
  id: values.integer,
  customer_email: values.text,
  status: values.text.nullable(),
  total_amount: values.numeric.nullable(),
  created_at: values.timestamp.nullable(),
  updated_at: values.timestamp.nullable(),
});

/** Every table's row, for `defineWorker<Tables>`. */
export interface Tables {
  inventory: InventoryRow;
  order_items: OrderItemsRow;
  orders: OrdersRow;
}

/** Every table's validator of whole rows. */
export const rows = {
  inventory: inventoryRow,
  order_items: orderItemsRow,
  orders: ordersRow,
};

/** What the tables were like, for `expect` in walmq.config.ts. */
export const tables: Record<keyof Tables, TableDescription> = {
  inventory: {
    oldRow: 'whole',
    key: ['product_id'],
    columns: [
      { name: 'product_id', type: 'integer', nullable: false },
      { name: 'stock_quantity', type: 'integer', nullable: false },
      { name: 'low_stock_threshold', type: 'integer', nullable: true },
      { name: 'updated_at', type: 'timestamp', nullable: true },
    ],
  },
  order_items: {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'order_id', type: 'integer', nullable: true },
      { name: 'product_id', type: 'integer', nullable: false },
      { name: 'quantity', type: 'integer', nullable: false },
      { name: 'price', type: 'numeric', nullable: true },
    ],
  },
  orders: {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'customer_email', type: 'text', nullable: false },
      { name: 'status', type: 'text', nullable: true },
      { name: 'total_amount', type: 'numeric', nullable: true },
      { name: 'created_at', type: 'timestamp', nullable: true },
      { name: 'updated_at', type: 'timestamp', nullable: true },
    ],
  },
};
