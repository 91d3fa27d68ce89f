import { type Change, type Lsn, WalmqError } from '@walmq/change';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowMessage } from '../protocol/messages.js';
import { PgoutputParser } from '../protocol/parse.js';
import { describeTable } from '../tables/table.js';
import { JsonWriter } from '../values/json-writer.js';
import { TEXT_TYPE } from '../values/value.js';
import { encodeChanges } from './encode.js';
import { Transaction } from './transaction.js';

/** A value in pgoutput: null, undefined for unchanged TOAST, or the value's text. */
type Value = string | null | undefined;
type Row = readonly Value[];

const TEXT = 25;
const OID = 16_385;

const bytesOf = {
  uint16: (value: number) => Buffer.from([value >> 8, value & 255]),
  uint32: (value: number) =>
    Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]),
  cstring: (value: string) => Buffer.from(`${value}\0`),
  row: (row: Row) =>
    Buffer.concat([
      bytesOf.uint16(row.length),
      ...row.map(value => {
        if (value === null) return Buffer.from('n');
        if (value === undefined) return Buffer.from('u');
        const bytes = Buffer.from(value);
        return Buffer.concat([Buffer.from('t'), bytesOf.uint32(bytes.length), bytes]);
      }),
    ]),
};

const relation = (names: readonly string[], identity: 'd' | 'f') =>
  Buffer.concat([
    Buffer.from('R'),
    bytesOf.uint32(OID),
    bytesOf.cstring('public'),
    bytesOf.cstring('things'),
    Buffer.from(identity),
    bytesOf.uint16(names.length),
    ...names.map((name, index) =>
      Buffer.concat([
        Buffer.from([identity === 'f' || index === 0 ? 1 : 0]),
        bytesOf.cstring(name),
        bytesOf.uint32(TEXT),
        bytesOf.uint32(0xffffffff),
      ]),
    ),
  ]);

interface Stream {
  readonly names: readonly string[];
  readonly identity: 'd' | 'f';
  readonly message: Buffer;
}

/** Parses and encodes the bytes with the same code as capture, without servers. */
function changesOf({ names, identity, message }: Stream): Change[] {
  const parser = new PgoutputParser();
  parser.parse(relation(names, identity));
  const wire = Buffer.from(message);
  const row = parser.parse(wire) as RowMessage;
  wire.fill(0xff); // the connection reuses its buffer for later messages
  const described = row.tag === 'truncate' ? row.relations[0] : row.relation;
  const table = describeTable(described as NonNullable<typeof described>, {
    typeOf: () => TEXT_TYPE,
    isUnkeyed: false,
    primaryKey: [names[0] as string],
    looselyCollated: new Set(),
    json: new JsonWriter(),
  });
  const transaction = new Transaction({
    commitLsn: 7n as Lsn,
    committedAt: '2026-11-22T10:00:00.000000Z',
    xid: 1,
  });
  return encodeChanges(row, [table], transaction).map(({ json }) => JSON.parse(json) as Change);
}

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(n => !n.includes('\0'));
const text = fc.string({ unit: 'grapheme', maxLength: 100 }).filter(value => !value.includes('\0'));

/** Column names with old and new values. A new value is the old one, the old one as unchanged TOAST, or its own. */
const update = fc.uniqueArray(name, { minLength: 1, maxLength: 12 }).chain(names =>
  fc.record({
    names: fc.constant(names),
    values: fc.array(
      fc.record({
        old: fc.option(text),
        new: fc.option(text),
        fate: fc.constantFrom<'same' | 'toast' | 'new'>('same', 'toast', 'new'),
      }),
      { minLength: names.length, maxLength: names.length },
    ),
  }),
);

const rowOf = (names: readonly string[], row: Row) =>
  Object.fromEntries(names.flatMap((key, i) => (row[i] === undefined ? [] : [[key, row[i]]])));

describe('row messages, from bytes to changes', () => {
  it('an update under REPLICA IDENTITY FULL: both rows whole, what differs named, a moved key as delete and insert', () => {
    fc.assert(
      fc.property(update, ({ names, values }) => {
        const before = values.map(({ old }) => old);
        const after = values.map(value => (value.fate === 'new' ? value.new : value.old));
        const sent = values.map(({ fate }, i) => (fate === 'toast' ? undefined : after[i]));
        const message = Buffer.concat([
          Buffer.from('U'),
          bytesOf.uint32(OID),
          Buffer.from('O'),
          bytesOf.row(before),
          Buffer.from('N'),
          bytesOf.row(sent),
        ]);
        const changes = changesOf({ names, identity: 'f', message });
        const rows = { old: rowOf(names, before), new: rowOf(names, after) };
        const key = (row: Row) => ({ [names[0] as string]: row[0] });
        if (before[0] !== after[0])
          expect(changes).toMatchObject([
            { op: 'delete', key: key(before), before: rows.old, after: null, tx: { seq: 1 } },
            { op: 'insert', key: key(after), before: null, after: rows.new, tx: { seq: 2 } },
          ]);
        else {
          expect(changes).toMatchObject([
            { op: 'update', key: key(after), before: rows.old, after: rows.new },
          ]);
          expect(changes[0]?.changed).toEqual(names.filter((_, i) => before[i] !== after[i]));
          expect(changes[0]).not.toHaveProperty('unchanged');
        }
      }),
    );
  });

  it('an update without an old row: what was not sent is named, and missing from the row', () => {
    fc.assert(
      fc.property(update, ({ names, values }) => {
        const sent = values.map((value, i) => (i > 0 && value.fate === 'toast' ? undefined : value.new));
        const message = Buffer.concat([
          Buffer.from('U'),
          bytesOf.uint32(OID),
          Buffer.from('N'),
          bytesOf.row(sent),
        ]);
        const [change, ...others] = changesOf({ names, identity: 'd', message });
        expect(others).toEqual([]);
        expect(change).toMatchObject({ op: 'update', before: null, after: rowOf(names, sent) });
        expect(Object.keys(change?.after ?? {}).length).toBe(
          sent.filter(value => value !== undefined).length,
        );
        const unchanged = names.filter((_, i) => sent[i] === undefined);
        expect(change?.unchanged).toEqual(unchanged.length > 0 ? unchanged : undefined);
      }),
    );
  });

  it('inserts and deletes; of a delete that sends its key only, the key', () => {
    const names = ['id', 'note'];
    const head = (tag: string, kind: string) =>
      Buffer.concat([Buffer.from(tag), bytesOf.uint32(OID), Buffer.from(kind)]);
    const of = (tag: string, kind: string, row: Row) =>
      changesOf({ names, identity: 'd', message: Buffer.concat([head(tag, kind), bytesOf.row(row)]) });
    expect(of('I', 'N', ['1', 'say "hi"'])).toMatchObject([
      { op: 'insert', key: { id: '1' }, before: null, after: { id: '1', note: 'say "hi"' } },
    ]);
    expect(of('D', 'K', ['1', null])).toMatchObject([
      { op: 'delete', key: { id: '1' }, before: { id: '1' } },
    ]);
    expect(of('D', 'O', ['1', null])).toMatchObject([{ op: 'delete', before: { id: '1', note: null } }]);
  });

  it.each([
    [
      'that ends early',
      Buffer.concat([Buffer.from('I'), bytesOf.uint32(OID), Buffer.from('N\0\x01t\0\0\0\x09abc')]),
    ],
    [
      'with a value of an unknown kind',
      Buffer.concat([Buffer.from('I'), bytesOf.uint32(OID), Buffer.from('N\0\x01x')]),
    ],
    [
      'of a relation that was never described',
      Buffer.concat([Buffer.from('I'), bytesOf.uint32(1), Buffer.from('N\0\0')]),
    ],
    ['of a type nobody knows', Buffer.from('?')],
  ])('refuses a message %s', (_what, message) => {
    const parser = new PgoutputParser();
    parser.parse(relation(['id'], 'd'));
    expect(() => parser.parse(message)).toThrow(WalmqError);
    expect(() => parser.parse(message)).toThrow(/cannot be read/);
  });
});
