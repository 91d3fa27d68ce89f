import { parseIdentifier } from '@walmq/change';

/** A column, in double quotes where its name holds a "=", and its value. */
const COLUMN_AND_VALUE = /^("(?:[^"]|"")+"|[^=]+)=(.*)$/su;

/** `id=42` as its column and value; undefined if it names no column. */
export function columnAndValue(text: string): [column: string, value: string] | undefined {
  const [, column, value] = COLUMN_AND_VALUE.exec(text) ?? [];
  return column === undefined || value === undefined ? undefined : [parseIdentifier(column), value];
}
