-- The tables of the reference shop. Idempotent: "npm run shop-setup" runs this file, and so may psql.

-- The shop as its applications know it: the three tables that are captured.
CREATE TABLE IF NOT EXISTS orders (
  id SERIAL PRIMARY KEY,
  customer_email VARCHAR(255) NOT NULL,
  status VARCHAR(50) DEFAULT 'pending',
  total_amount DECIMAL(10,2),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS order_items (
  id SERIAL PRIMARY KEY,
  order_id INTEGER REFERENCES orders(id),
  product_id INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  price DECIMAL(10,2)
);
CREATE TABLE IF NOT EXISTS inventory (
  product_id INTEGER PRIMARY KEY,
  stock_quantity INTEGER NOT NULL DEFAULT 0,
  low_stock_threshold INTEGER DEFAULT 5,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

-- What the workers write, and the names of products, for which a view of your own catalogue does as well. In a schema of
-- its own, not captured.
CREATE SCHEMA IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.products (
  product_id integer PRIMARY KEY,
  name text NOT NULL
);
CREATE TABLE IF NOT EXISTS shop.order_effects (
  order_id integer NOT NULL,
  effect text NOT NULL,
  change_id text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (order_id, effect)
);
CREATE TABLE IF NOT EXISTS shop.reservations (
  order_item_id integer PRIMARY KEY,
  order_id integer,
  product_id integer NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  state text NOT NULL CHECK (state IN ('reserved', 'released')),
  reason text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS reservations_order ON shop.reservations (order_id);
CREATE TABLE IF NOT EXISTS shop.back_orders (
  order_item_id integer PRIMARY KEY,
  order_id integer,
  product_id integer NOT NULL,
  quantity integer NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'closed')),
  reason text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS back_orders_order ON shop.back_orders (order_id);
CREATE INDEX IF NOT EXISTS back_orders_open ON shop.back_orders (product_id, order_item_id) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS shop.fulfilment_requests (
  change_id text PRIMARY KEY,
  order_id integer NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS shop.refund_requests (
  change_id text PRIMARY KEY,
  order_id integer NOT NULL,
  amount numeric(10,2),
  requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS shop.low_stock_alerts (
  change_id text PRIMARY KEY,
  product_id integer NOT NULL,
  stock_quantity integer NOT NULL,
  low_stock_threshold integer NOT NULL,
  alerted_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS shop.sales (
  order_item_id integer PRIMARY KEY,
  order_id integer,
  product_id integer NOT NULL,
  day date NOT NULL,
  quantity integer NOT NULL,
  revenue numeric NOT NULL
);
CREATE INDEX IF NOT EXISTS sales_product_day_order ON shop.sales (product_id, day, order_id);
CREATE TABLE IF NOT EXISTS shop.product_analytics (
  product_id integer NOT NULL,
  day date NOT NULL,
  quantity bigint NOT NULL,
  revenue numeric NOT NULL,
  orders bigint NOT NULL,
  PRIMARY KEY (product_id, day)
);
CREATE TABLE IF NOT EXISTS shop.truncations (
  table_name text PRIMARY KEY,
  change_id text COLLATE "C" NOT NULL
);

-- The change that a row was last written for. An id can come again, after a delete or TRUNCATE ... RESTART IDENTITY: what is
-- older than a change belongs to an earlier row of that id, or to this row's past. Compared byte by byte, as the ids of
-- changes sort. Rows from before the column are older than every change.
ALTER TABLE shop.reservations ADD COLUMN IF NOT EXISTS change_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE shop.back_orders ADD COLUMN IF NOT EXISTS change_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE shop.sales ADD COLUMN IF NOT EXISTS change_id text COLLATE "C" NOT NULL DEFAULT '';
