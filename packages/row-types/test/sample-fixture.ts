export * from './sample-tables-fixture.js';

/** Tables with every kind of column, and with names and comments that nobody should choose. */
export const sampleSchemaSql = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE stage AS ENUM ('waiting for payment', 'paid and not yet packed', 'packed', 'handed over to the carrier',
  'delivered to the customer', 'returned');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN present AS text NOT NULL;
CREATE DOMAIN tags AS text[];
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE things (
  id integer PRIMARY KEY,
  small smallint NOT NULL,
  big bigint NOT NULL,
  amount numeric(12,2) NOT NULL,
  any_amount numeric,
  ratio double precision NOT NULL,
  half real,
  flag boolean NOT NULL,
  day date NOT NULL,
  at timestamp NOT NULL,
  moment timestamptz NOT NULL,
  doc json NOT NULL,
  settings jsonb,
  bytes bytea NOT NULL,
  name varchar(20) NOT NULL,
  code char(3),
  uid uuid,
  span interval,
  during tstzrange,
  place point,
  cost money,
  how mood NOT NULL,
  how_now mood,
  stage stage,
  stages stage[],
  count positive NOT NULL,
  title present,
  labels tags,
  label_sets tags[],
  pair pair,
  numbers integer[] NOT NULL,
  grid double precision[][],
  bigs bigint[],
  docs jsonb[],
  days date[],
  moments timestamptz[],
  blobs bytea[],
  moods mood[]
);
COMMENT ON TABLE things IS E'Everything there is.\n\nEnds here: */ export const broken = 1; /* not';
COMMENT ON COLUMN things.how IS 'What it feels like */ // today';
ALTER TABLE things REPLICA IDENTITY FULL;

CREATE TABLE sent_docs (id integer PRIMARY KEY);
CREATE TABLE docs (id integer PRIMARY KEY, title text NOT NULL, body text, kept text, extra jsonb);
ALTER TABLE docs ALTER COLUMN kept SET STORAGE PLAIN;

CREATE TABLE sums (id integer PRIMARY KEY, a integer NOT NULL, twice integer GENERATED ALWAYS AS (a * 2) STORED);

CREATE TABLE odd_names (
  "class" integer PRIMARY KEY,
  "constructor" text,
  "two words" text,
  "it's" integer,
  "a ""quoted"" one" integer,
  "back\\slash" integer,
  "1st" integer,
  "ünïcode" integer,
  "line
break" integer
);
ALTER TABLE odd_names REPLICA IDENTITY FULL;

CREATE TABLE translations (
  document_id integer,
  language_tag text,
  title_of_the_document text,
  original_title_of_the_document text,
  summary_of_the_document text,
  text_of_the_document text,
  notes_of_the_translator jsonb,
  PRIMARY KEY (document_id, language_tag)
);

CREATE SCHEMA sales;
CREATE TABLE sales.orders (id bigint PRIMARY KEY, note text);
ALTER TABLE sales.orders REPLICA IDENTITY FULL;
CREATE TABLE sales_orders (id integer PRIMARY KEY);
ALTER TABLE sales_orders REPLICA IDENTITY FULL;
CREATE TABLE "2nd-hand" (a integer, b integer);
ALTER TABLE "2nd-hand" REPLICA IDENTITY NOTHING;`;

export const SAMPLE_TABLES = [
  'things',
  'docs',
  'sent_docs',
  'sums',
  'odd_names',
  'translations',
  'sales_orders',
  '2nd-hand',
  'sales.orders',
].map(name => {
  const [table = '', schema = 'public'] = name.split('.').reverse();
  return { schema, table };
});
