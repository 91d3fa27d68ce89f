import { parseConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import { describe, expect, it } from 'vitest';
import { checkCorrection } from './check-correction.js';

type QueueInput = WalmqConfigInput['queues'][string];

function queueOf(input: Partial<QueueInput> = {}) {
  const { queues } = resolveConfig(
    parseConfig({ queues: { orders: { table: 'orders', ...input } } } as WalmqConfigInput, 'test'),
  );
  return queues.orders!;
}

const TX = '{"xid":1,"lsn":"0/19F2B40","committedAt":"2026-01-31T10:00:00.000000Z","seq":1}';
const UPDATE = `{"id":"a-1","op":"update","schema":"public","table":"orders","key":{"id":1},"before":{"id":1,"total":"10.00","note":null,"doc":{"n":12345678901234567890}},"after":{"id":1,"total":"-5.00","note":null,"doc":{"n":12345678901234567890}},"changed":["total"],"tx":${TX}}`;
const EVENT = `{"id":"a-2","op":"message","schema":"pg","table":"msg","key":{"key":7},"before":null,"after":{"type":"order.paid","payload":{"total":-5}},"tx":${TX}}`;
const MARK = { at: '2026-01-31T11:00:00.000Z', by: 'mia' };

const corrected = (original: string, given: unknown, input: Partial<QueueInput> = {}) =>
  checkCorrection({
    original,
    given: typeof given === 'string' ? given : JSON.stringify(given),
    queue: queueOf(input),
  });
const withAfter = (part: object) => ({
  after: { id: 1, total: '-5.00', note: null, doc: { n: 1 }, ...part },
});

describe('a correction', () => {
  it('replaces values of rows, keeps every other text to the digit, and marks the change', () => {
    const given = UPDATE.replace('"-5.00"', '"5.00"').replace('"note":null,"doc"', '"note":"gift","doc"');
    const correction = corrected(UPDATE, given);
    expect(correction.differs).toEqual(['before.note', 'after.total']);
    expect(correction.json(MARK)).toBe(
      `${given.slice(0, -1).replace('"changed":["total"]', '"changed":["total","note"]')},"corrected":${JSON.stringify(MARK)}}`,
    );
  });

  it('may be given as rows alone, and again after another one', () => {
    const once = corrected(EVENT, { after: { type: 'order.paid', payload: { total: 5 } } }).json(MARK);
    const again = corrected(once, { after: { type: 'order.paid', payload: { total: 6 } } });
    const { after: event, corrected: mark } = JSON.parse(again.json({ ...MARK, by: 'ben' }));
    expect(event.payload).toEqual({ total: 6 });
    expect(mark).toEqual({ ...MARK, by: 'ben' });
  });

  it('lets a change run that could not be shaped', () => {
    const broken = UPDATE.replace(
      /"before":.*,"tx"/,
      '"before":null,"after":null,"shapeError":"too large","tx"',
    );
    const json = corrected(broken, { after: { id: 1, total: '5.00' }, shapeError: null }).json(MARK);
    expect(JSON.parse(json)).toMatchObject({ after: { total: '5.00' }, corrected: MARK });
    expect(JSON.parse(json)).not.toHaveProperty('shapeError');
  });

  const table = {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'total', type: 'numeric', nullable: false },
      { name: 'note', type: 'text', nullable: true },
      { name: 'doc', type: 'json', nullable: true },
    ],
  } as const;

  it.each<[string, unknown, RegExp, Partial<QueueInput>?]>([
    ['that is no JSON', '{"after":', /not JSON/],
    ['that is no object', '[1]', /one JSON object/],
    ['with a name that occurs twice', '{"after":{"id":1},"after":null}', /occurs twice/],
    ['nested too deep', `{"after":${'['.repeat(300)}${']'.repeat(300)}}`, /nested deeper/],
    ['of the id', UPDATE.replace('a-1', 'a-9'), /"id" cannot be corrected/],
    ['of the table', UPDATE.replace('"table":"orders"', '"table":"items"'), /"table" cannot be corrected/],
    ['of the key', UPDATE.replace('"key":{"id":1}', '"key":{"id":2}'), /"key" cannot be corrected/],
    ['of the key within the row', withAfter({ id: 2 }), /"after"\."id" stays/],
    ['with a member that no change has', { ...withAfter({}), who: 'me' }, /no "who"/],
    ['with a column that the change lacks', withAfter({ discount: 1 }), /no column "discount"/],
    ['without a column', { after: { id: 1 } }, /lacks the column "total"/],
    ['that takes a row away', { after: null }, /cannot become null/],
    ['of another kind', withAfter({ total: 5 }), /"after"\."total" is a number, and was a string/],
    ['that changes nothing', UPDATE, /changes nothing/],
    [
      'of a masked column',
      withAfter({ total: '5.00' }),
      /"after"\."total" stays/,
      { mask: { total: 'redact' } },
    ],
    [
      'of the column that orders',
      withAfter({ total: '5.00' }),
      /"after"\."total" stays/,
      { orderBy: 'total' },
    ],
    [
      'that is larger than the queue allows',
      withAfter({ note: 'x'.repeat(1500) }),
      /at most 1024/,
      { maxBytes: 1024 },
    ],
    [
      'that does not fit `expect`',
      withAfter({ total: 'cheap' }),
      /orders\.total: expected numeric/,
      { expect: { orders: table } },
    ],
  ])('%s is refused', (_, given, expected, input) => {
    expect(() => corrected(UPDATE, given, input)).toThrow(expected);
  });

  it.each([
    ['of the type', { after: { type: 'order.lost', payload: { total: -5 } } }, /"after"\."type" stays/],
    ['with another column', { after: { type: 'order.paid', payload: {}, more: 1 } }, /no column "more"/],
  ])('%s of an event is refused', (_, given, expected) => {
    expect(() => corrected(EVENT, given)).toThrow(expected);
  });

  it('names all mistakes together', () => {
    expect(() => corrected(UPDATE, withAfter({ id: 2, total: 5, discount: 1 }))).toThrow(
      /discount.*id|id.*discount/s,
    );
  });
});
