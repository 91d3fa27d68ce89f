import type { TableModel } from '@walmq/row-types';
import type { ChosenTable } from '../plan/answers.js';

/** schema.sql of the example. A test compares EXAMPLE_TABLE with what a database makes of it. */
export const EXAMPLE_SCHEMA = `-- The tables of this project. "walmq dev" runs this file at each start, so each statement can run again.

-- Your application writes orders. walmq brings each change of them to src/workers/orders.ts.
CREATE TABLE IF NOT EXISTS orders (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer text NOT NULL,
  total numeric(12, 2) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The worker writes the sums.
CREATE TABLE IF NOT EXISTS customer_totals (
  customer text PRIMARY KEY,
  orders integer NOT NULL,
  spent numeric(14, 2) NOT NULL
);
`;

export const EXAMPLE_SCHEMA_PATH = 'schema.sql';

/** A statement that shows the example's effect. */
export const EXAMPLE_INSERT = "INSERT INTO orders (customer, total) VALUES ('Ada', 12.50)";

const column = (name: string, sqlType: string, type: 'integer' | 'text' | 'numeric' | 'timestamptz') => ({
  name,
  sqlType,
  type,
  nullable: false,
  optional: false,
  comment: null,
});

const MODEL: TableModel = {
  schema: 'public',
  table: 'orders',
  comment: null,
  oldRow: 'whole',
  key: ['id'],
  columns: [
    column('id', 'integer', 'integer'),
    column('customer', 'text', 'text'),
    column('total', 'numeric(12,2)', 'numeric'),
    column('created_at', 'timestamp with time zone', 'timestamptz'),
  ],
};

export const EXAMPLE_TABLE: ChosenTable = { schema: MODEL.schema, table: MODEL.table, model: MODEL };

export const EXAMPLE_WORKER = `import { defineWorker } from 'walmq';
import type { Tables } from '../walmq-tables.js';

const ADD_TO_TOTALS = \`INSERT INTO customer_totals (customer, orders, spent) VALUES ($1, 1, $2)
  ON CONFLICT (customer) DO UPDATE SET orders = customer_totals.orders + 1, spent = customer_totals.spent + excluded.spent
  RETURNING orders, spent\`;

/** Keeps the number and the sum of each customer's orders. */
export default defineWorker<Tables>({
  queue: 'orders',
  on: {
    orders: {
      insert: async (change, { log, once }) => {
        const { id, customer, total } = change.after;
        // walmq runs a handler again after a crash. once() commits the sums and a mark of this change in one transaction,
        // so no order is counted twice.
        const { orders, spent } = await once(change, async tx => {
          const { rows } = await tx.query<{ orders: number; spent: string }>(ADD_TO_TOTALS, [customer, total]);
          return rows[0]!;
        });
        log.info({ order: id }, \`\${customer} has \${orders} order\${orders === 1 ? '' : 's'}, \${spent} in all\`);
        return { action: 'counted', orders, spent };
      },
    },
  },
});
`;
