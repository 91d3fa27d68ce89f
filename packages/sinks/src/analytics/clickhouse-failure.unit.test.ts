import { ClickHouseError } from '@clickhouse/client';
import { WalmqError } from '@walmq/change';
import { outcomeOf } from '@walmq/worker';
import { describe, expect, it } from 'vitest';
import { clickhouseFailure } from './clickhouse-failure.js';

/** As the client reads it: whatever stands in brackets first is taken for the error's name. */
const refused = (code: string) =>
  new ClickHouseError({
    code,
    message: "Cannot parse input near 'a@example.com",
    type: 'A_VALUE_OF_THE_ROW',
  });

describe('clickhouseFailure', () => {
  it.each([
    ['unknown table', refused('60'), 'give-up', 'UNKNOWN_TABLE (60)'],
    ['a value that is no date', refused('38'), 'give-up', 'CANNOT_PARSE_DATE (38)'],
    ['an unknown column', refused('117'), 'give-up', 'INCORRECT_DATA (117)'],
    ['too many parts', refused('252'), 'retry', 'its error 252'],
    ['memory limit', refused('241'), 'retry', 'its error 241'],
    ['read-only replica', refused('242'), 'retry', 'its error 242'],
    ['wrong password', refused('516'), 'retry', 'its error 516'],
    ['nobody there', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'retry', 'ECONNREFUSED'],
    ['a proxy', new Error('<html>a@example.com</html>'), 'retry', 'no answer of a ClickHouse'],
  ])('%s', (_, error, outcome, sentence) => {
    const failure = clickhouseFailure(error);
    expect(outcomeOf(failure)).toBe(outcome);
    expect(failure.sentence).toContain(sentence);
    expect(failure.sentence).not.toMatch(/example\.com|A_VALUE_OF_THE_ROW/);
  });

  it('passes on why the kit ended the time', () => {
    const late = new WalmqError('HANDLER_DEADLINE', 'late.');
    expect(clickhouseFailure(late)).toBe(late);
  });
});
