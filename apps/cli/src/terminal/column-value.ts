import { parseIdentifier } from '@walmq/change';

/** A column and its value. A name that contains "=" is in double quotes. */
const COLUMN_AND_VALUE = /^("(?:[^"]|"")+"|[^=]+)=(.*)$/su;

/** Splits `id=42` into column and value. Undefined if the text names no column. */
export function columnAndValue(text: string): [column: string, value: string] | undefined {
  const [, column, value] = COLUMN_AND_VALUE.exec(text) ?? [];
  return column === undefined || value === undefined ? undefined : [parseIdentifier(column), value];
}
