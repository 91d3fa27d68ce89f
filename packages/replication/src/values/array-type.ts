import { writeArray } from './array.js';
import { textWith, typeFromBytes, type ValueType } from './value.js';

/** Creates the type of an array with elements of the given type. */
export function arrayType(element: ValueType, delimiter: string): ValueType {
  const writing =
    (write: ValueType['write']): ValueType['write'] =>
    (json, bytes, start, end) =>
      writeArray(json, { bytes, start, end }, { write, delimiter });
  const inOrder = writing((json, bytes, start, end) =>
    json.text(JSON.stringify(element.ordering(bytes.toString('utf8', start, end)))),
  );
  return typeFromBytes(writing(element.write), textWith(inOrder));
}
