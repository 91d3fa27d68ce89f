// Written by "walmq types" from the database's catalog. Do not edit: change the tables, then run it again.
// "walmq types --check" says what has drifted.

import {
  type Float,
  type IdentityOnly,
  type Json,
  rowOf,
  sentOf,
  type TableDescription,
  values,
} from 'walmq';

/** A row of `2nd-hand`. */
export interface T2ndHandRow {
  /** `integer` */
  a: number | null;
  /** `integer` */
  b: number | null;
}

export const t2ndHandRow = rowOf<T2ndHandRow>()({
  a: values.integer.nullable(),
  b: values.integer.nullable(),
});

/** A row of `docs`. */
export interface DocsRow {
  /** `integer` */
  id: number;
  /** `text` */
  title: string;
  /** `text` */
  body: string | null;
  /** `text` */
  kept: string | null;
  /** `jsonb` */
  extra: Json;
}

export const docsRow = rowOf<DocsRow>()({
  id: values.integer,
  title: values.text,
  body: values.text.nullable(),
  kept: values.text.nullable(),
  extra: values.json,
});

/** Of a new row, which lacks the columns that an update did not touch. */
export const docsRowSent = sentOf(docsRow, ['title', 'body', 'extra']);

/** A row of `odd_names`. */
export interface OddNamesRow {
  /** `integer` */
  class: number;
  /** `text` */
  constructor: string | null;
  /** `text` */
  'two words': string | null;
  /** `integer` */
  "it's": number | null;
  /** `integer` */
  'a "quoted" one': number | null;
  /** `integer` */
  'back\\slash': number | null;
  /** `integer` */
  '1st': number | null;
  /** `integer` */
  ünïcode: number | null;
  /** `integer` */
  'line\nbreak': number | null;
}

export const oddNamesRow = rowOf<OddNamesRow>()({
  class: values.integer,
  constructor: values.text.nullable(),
  'two words': values.text.nullable(),
  "it's": values.integer.nullable(),
  'a "quoted" one': values.integer.nullable(),
  'back\\slash': values.integer.nullable(),
  '1st': values.integer.nullable(),
  ünïcode: values.integer.nullable(),
  'line\nbreak': values.integer.nullable(),
});

/** A row of `sales_orders`. */
export interface SalesOrdersRow {
  /** `integer` */
  id: number;
}

export const salesOrdersRow = rowOf<SalesOrdersRow>()({
  id: values.integer,
});

/** A row of `sent_docs`. */
export interface SentDocsRow {
  /** `integer` */
  id: number;
}

export const sentDocsRow = rowOf<SentDocsRow>()({
  id: values.integer,
});

/** A row of `sums`. */
export interface SumsRow {
  /** `integer` */
  id: number;
  /** `integer` */
  a: number;
}

export const sumsRow = rowOf<SumsRow>()({
  id: values.integer,
  a: values.integer,
});

/**
 * A row of `things`.
 * Everything there is.
 *
 * Ends here: *\/ export const broken = 1; /* not
 */
export interface ThingsRow {
  /** `integer` */
  id: number;
  /** `smallint` */
  small: number;
  /** `bigint` */
  big: string;
  /** `numeric(12,2)` */
  amount: string;
  /** `numeric` */
  any_amount: string | null;
  /** `double precision` */
  ratio: Float;
  /** `real` */
  half: Float | null;
  /** `boolean` */
  flag: boolean;
  /** `date` */
  day: string;
  /** `timestamp without time zone` */
  at: string;
  /** `timestamp with time zone` */
  moment: string;
  /** `json` */
  doc: Json;
  /** `jsonb` */
  settings: Json;
  /** `bytea` */
  bytes: string;
  /** `character varying(20)` */
  name: string;
  /** `character(3)` */
  code: string | null;
  /** `uuid` */
  uid: string | null;
  /** `interval` */
  span: string | null;
  /** `tstzrange` */
  during: string | null;
  /** `point` */
  place: string | null;
  /** `money` */
  cost: string | null;
  /**
   * `mood`
   * What it feels like *\/ // today
   */
  how: 'sad' | 'ok' | 'it\'s "fine"';
  /** `mood` */
  how_now: 'sad' | 'ok' | 'it\'s "fine"' | null;
  /** `stage` */
  stage:
    | 'waiting for payment'
    | 'paid and not yet packed'
    | 'packed'
    | 'handed over to the carrier'
    | 'delivered to the customer'
    | 'returned'
    | null;
  /** `stage[]` */
  stages:
    | (
        | 'waiting for payment'
        | 'paid and not yet packed'
        | 'packed'
        | 'handed over to the carrier'
        | 'delivered to the customer'
        | 'returned'
        | null
      )[]
    | null;
  /** `positive` */
  count: number;
  /** `present` */
  title: string | null;
  /** `tags` */
  labels: (string | null)[] | null;
  /** `tags[]` */
  label_sets: ((string | null)[] | null)[] | null;
  /** `pair` */
  pair: string | null;
  /** `integer[]` */
  numbers: (number | null)[];
  /** `double precision[]` */
  grid: (Float | null)[][] | null;
  /** `bigint[]` */
  bigs: (string | null)[] | null;
  /** `jsonb[]` */
  docs: Json[] | null;
  /** `date[]` */
  days: (string | null)[] | null;
  /** `timestamp with time zone[]` */
  moments: (string | null)[] | null;
  /** `bytea[]` */
  blobs: (string | null)[] | null;
  /** `mood[]` */
  moods: ('sad' | 'ok' | 'it\'s "fine"' | null)[] | null;
}

export const thingsRow = rowOf<ThingsRow>()({
  id: values.integer,
  small: values.integer,
  big: values.bigint,
  amount: values.numeric,
  any_amount: values.numeric.nullable(),
  ratio: values.float,
  half: values.float.nullable(),
  flag: values.boolean,
  day: values.date,
  at: values.timestamp,
  moment: values.timestamptz,
  doc: values.json,
  settings: values.json,
  bytes: values.bytes,
  name: values.text,
  code: values.text.nullable(),
  uid: values.text.nullable(),
  span: values.text.nullable(),
  during: values.text.nullable(),
  place: values.text.nullable(),
  cost: values.text.nullable(),
  how: values.oneOf(['sad', 'ok', 'it\'s "fine"']),
  how_now: values.oneOf(['sad', 'ok', 'it\'s "fine"']).nullable(),
  stage: values
    .oneOf([
      'waiting for payment',
      'paid and not yet packed',
      'packed',
      'handed over to the carrier',
      'delivered to the customer',
      'returned',
    ])
    .nullable(),
  stages: values
    .oneOf([
      'waiting for payment',
      'paid and not yet packed',
      'packed',
      'handed over to the carrier',
      'delivered to the customer',
      'returned',
    ])
    .nullable()
    .array()
    .nullable(),
  count: values.integer,
  title: values.text.nullable(),
  labels: values.text.nullable().array().nullable(),
  label_sets: values.text.nullable().array().nullable().array().nullable(),
  pair: values.text.nullable(),
  numbers: values.integer.nullable().array(),
  grid: values.float.nullable().array().array().nullable(),
  bigs: values.bigint.nullable().array().nullable(),
  docs: values.json.array().nullable(),
  days: values.date.nullable().array().nullable(),
  moments: values.timestamptz.nullable().array().nullable(),
  blobs: values.bytes.nullable().array().nullable(),
  moods: values.oneOf(['sad', 'ok', 'it\'s "fine"']).nullable().array().nullable(),
});

/** A row of `translations`. */
export interface TranslationsRow {
  /** `integer` */
  document_id: number;
  /** `text` */
  language_tag: string;
  /** `text` */
  title_of_the_document: string | null;
  /** `text` */
  original_title_of_the_document: string | null;
  /** `text` */
  summary_of_the_document: string | null;
  /** `text` */
  text_of_the_document: string | null;
  /** `jsonb` */
  notes_of_the_translator: Json;
}

export const translationsRow = rowOf<TranslationsRow>()({
  document_id: values.integer,
  language_tag: values.text,
  title_of_the_document: values.text.nullable(),
  original_title_of_the_document: values.text.nullable(),
  summary_of_the_document: values.text.nullable(),
  text_of_the_document: values.text.nullable(),
  notes_of_the_translator: values.json,
});

/** Of a new row, which lacks the columns that an update did not touch. */
export const translationsRowSent = sentOf(translationsRow, [
  'title_of_the_document',
  'original_title_of_the_document',
  'summary_of_the_document',
  'text_of_the_document',
  'notes_of_the_translator',
]);

/** A row of `sales.orders`. */
export interface SalesOrdersRow2 {
  /** `bigint` */
  id: string;
  /** `text` */
  note: string | null;
}

export const salesOrdersRow2 = rowOf<SalesOrdersRow2>()({
  id: values.bigint,
  note: values.text.nullable(),
});

/** Every table's row, for `defineWorker<Tables>`. */
export interface Tables {
  '2nd-hand': IdentityOnly<T2ndHandRow, never>;
  docs: IdentityOnly<DocsRow, 'id', 'title' | 'body' | 'extra'>;
  odd_names: OddNamesRow;
  sales_orders: SalesOrdersRow;
  sent_docs: IdentityOnly<SentDocsRow, 'id'>;
  sums: IdentityOnly<SumsRow, 'id'>;
  things: ThingsRow;
  translations: IdentityOnly<
    TranslationsRow,
    'document_id' | 'language_tag',
    | 'title_of_the_document'
    | 'original_title_of_the_document'
    | 'summary_of_the_document'
    | 'text_of_the_document'
    | 'notes_of_the_translator'
  >;
  'sales.orders': SalesOrdersRow2;
}

/** Every table's validator of whole rows. */
export const rows = {
  '2nd-hand': t2ndHandRow,
  docs: docsRow,
  odd_names: oddNamesRow,
  sales_orders: salesOrdersRow,
  sent_docs: sentDocsRow,
  sums: sumsRow,
  things: thingsRow,
  translations: translationsRow,
  'sales.orders': salesOrdersRow2,
};

/** What the tables were like, for `expect` in walmq.config.ts. */
export const tables: Record<keyof Tables, TableDescription> = {
  '2nd-hand': {
    oldRow: 'key',
    key: [],
    columns: [
      { name: 'a', type: 'integer', nullable: true },
      { name: 'b', type: 'integer', nullable: true },
    ],
  },
  docs: {
    oldRow: 'key',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'title', type: 'text', nullable: false, optional: true },
      { name: 'body', type: 'text', nullable: true, optional: true },
      { name: 'kept', type: 'text', nullable: true },
      { name: 'extra', type: 'json', nullable: true, optional: true },
    ],
  },
  odd_names: {
    oldRow: 'whole',
    key: ['class'],
    columns: [
      { name: 'class', type: 'integer', nullable: false },
      { name: 'constructor', type: 'text', nullable: true },
      { name: 'two words', type: 'text', nullable: true },
      { name: "it's", type: 'integer', nullable: true },
      { name: 'a "quoted" one', type: 'integer', nullable: true },
      { name: 'back\\slash', type: 'integer', nullable: true },
      { name: '1st', type: 'integer', nullable: true },
      { name: 'ünïcode', type: 'integer', nullable: true },
      { name: 'line\nbreak', type: 'integer', nullable: true },
    ],
  },
  sales_orders: { oldRow: 'whole', key: ['id'], columns: [{ name: 'id', type: 'integer', nullable: false }] },
  sent_docs: { oldRow: 'key', key: ['id'], columns: [{ name: 'id', type: 'integer', nullable: false }] },
  sums: {
    oldRow: 'key',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'a', type: 'integer', nullable: false },
    ],
  },
  things: {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'small', type: 'integer', nullable: false },
      { name: 'big', type: 'bigint', nullable: false },
      { name: 'amount', type: 'numeric', nullable: false },
      { name: 'any_amount', type: 'numeric', nullable: true },
      { name: 'ratio', type: 'float', nullable: false },
      { name: 'half', type: 'float', nullable: true },
      { name: 'flag', type: 'boolean', nullable: false },
      { name: 'day', type: 'date', nullable: false },
      { name: 'at', type: 'timestamp', nullable: false },
      { name: 'moment', type: 'timestamptz', nullable: false },
      { name: 'doc', type: 'json', nullable: false },
      { name: 'settings', type: 'json', nullable: true },
      { name: 'bytes', type: 'bytes', nullable: false },
      { name: 'name', type: 'text', nullable: false },
      { name: 'code', type: 'text', nullable: true },
      { name: 'uid', type: 'text', nullable: true },
      { name: 'span', type: 'text', nullable: true },
      { name: 'during', type: 'text', nullable: true },
      { name: 'place', type: 'text', nullable: true },
      { name: 'cost', type: 'text', nullable: true },
      { name: 'how', type: { enum: ['sad', 'ok', 'it\'s "fine"'] }, nullable: false },
      { name: 'how_now', type: { enum: ['sad', 'ok', 'it\'s "fine"'] }, nullable: true },
      {
        name: 'stage',
        type: {
          enum: [
            'waiting for payment',
            'paid and not yet packed',
            'packed',
            'handed over to the carrier',
            'delivered to the customer',
            'returned',
          ],
        },
        nullable: true,
      },
      {
        name: 'stages',
        type: {
          array: {
            enum: [
              'waiting for payment',
              'paid and not yet packed',
              'packed',
              'handed over to the carrier',
              'delivered to the customer',
              'returned',
            ],
          },
          dimensions: 1,
        },
        nullable: true,
      },
      { name: 'count', type: 'integer', nullable: false },
      { name: 'title', type: 'text', nullable: true },
      { name: 'labels', type: { array: 'text', dimensions: 1 }, nullable: true },
      {
        name: 'label_sets',
        type: { array: { array: 'text', dimensions: 1 }, dimensions: 1 },
        nullable: true,
      },
      { name: 'pair', type: 'text', nullable: true },
      { name: 'numbers', type: { array: 'integer', dimensions: 1 }, nullable: false },
      { name: 'grid', type: { array: 'float', dimensions: 2 }, nullable: true },
      { name: 'bigs', type: { array: 'bigint', dimensions: 1 }, nullable: true },
      { name: 'docs', type: { array: 'json', dimensions: 1 }, nullable: true },
      { name: 'days', type: { array: 'date', dimensions: 1 }, nullable: true },
      { name: 'moments', type: { array: 'timestamptz', dimensions: 1 }, nullable: true },
      { name: 'blobs', type: { array: 'bytes', dimensions: 1 }, nullable: true },
      {
        name: 'moods',
        type: { array: { enum: ['sad', 'ok', 'it\'s "fine"'] }, dimensions: 1 },
        nullable: true,
      },
    ],
  },
  translations: {
    oldRow: 'key',
    key: ['document_id', 'language_tag'],
    columns: [
      { name: 'document_id', type: 'integer', nullable: false },
      { name: 'language_tag', type: 'text', nullable: false },
      { name: 'title_of_the_document', type: 'text', nullable: true, optional: true },
      { name: 'original_title_of_the_document', type: 'text', nullable: true, optional: true },
      { name: 'summary_of_the_document', type: 'text', nullable: true, optional: true },
      { name: 'text_of_the_document', type: 'text', nullable: true, optional: true },
      { name: 'notes_of_the_translator', type: 'json', nullable: true, optional: true },
    ],
  },
  'sales.orders': {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'bigint', nullable: false },
      { name: 'note', type: 'text', nullable: true },
    ],
  },
};
