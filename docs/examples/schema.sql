-- The tables of the examples, beside those of the reference shop (npm run shop-setup).
CREATE TABLE accounts (
  id integer PRIMARY KEY,
  balance numeric(12, 2) NOT NULL DEFAULT 0
);
CREATE TABLE payments (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id integer NOT NULL REFERENCES accounts,
  amount numeric(12, 2) NOT NULL
);
CREATE TABLE letters (
  order_id integer PRIMARY KEY,
  total numeric(12, 2) NOT NULL
);
