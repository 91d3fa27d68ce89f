import { WalmqError } from '@walmq/change';
import { giveUp } from '@walmq/worker';

/**
 * ClickHouse's errors that no retry helps against: the rows do not fit the table, or the table does not
 * exist. https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const GIVE_UP: ReadonlyMap<string, string> = new Map([
  ['6', 'CANNOT_PARSE_TEXT'],
  ['16', 'NO_SUCH_COLUMN_IN_TABLE'],
  ['26', 'CANNOT_PARSE_QUOTED_STRING'],
  ['27', 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
  ['38', 'CANNOT_PARSE_DATE'],
  ['41', 'CANNOT_PARSE_DATETIME'],
  ['44', 'ILLEGAL_COLUMN'],
  ['47', 'UNKNOWN_IDENTIFIER'],
  ['53', 'TYPE_MISMATCH'],
  ['60', 'UNKNOWN_TABLE'],
  ['62', 'SYNTAX_ERROR'],
  ['69', 'ARGUMENT_OUT_OF_BOUND'],
  ['70', 'CANNOT_CONVERT_TYPE'],
  ['72', 'CANNOT_PARSE_NUMBER'],
  ['81', 'UNKNOWN_DATABASE'],
  ['117', 'INCORRECT_DATA'],
  ['130', 'CANNOT_READ_ARRAY_FROM_TEXT'],
  ['321', 'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE'],
  ['349', 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN'],
  ['376', 'CANNOT_PARSE_UUID'],
  ['407', 'DECIMAL_OVERFLOW'],
  ['441', 'CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING'],
  ['467', 'CANNOT_PARSE_BOOL'],
  ['469', 'VIOLATED_CONSTRAINT'],
  ['675', 'CANNOT_PARSE_IPV4'],
  ['676', 'CANNOT_PARSE_IPV6'],
  ['691', 'UNKNOWN_ELEMENT_OF_ENUM'],
]);

/**
 * ClickHouse quotes the row in its messages, and the client takes the error's name from them. Only the number
 * is passed on.
 */
export function clickhouseFailure(error: unknown): WalmqError {
  if (error instanceof WalmqError) return error;
  const { code } = Object(error) as { code?: unknown };
  // The codes of the system are words.
  if (typeof code === 'string' && /^\d+$/.test(code)) {
    const name = GIVE_UP.get(code);
    if (name === undefined)
      return new WalmqError('SINK_FAILED', `ClickHouse did not take the facts: its error ${code}.`);
    return giveUp(`ClickHouse does not take such facts: ${name} (${code}).`, {
      remedy: 'Compare the projection with the table, then retry the change.',
    });
  }
  const reason = typeof code === 'string' ? code : 'no answer of a ClickHouse in time';
  return new WalmqError('SINK_UNREACHABLE', `ClickHouse cannot be reached: ${reason}.`);
}
