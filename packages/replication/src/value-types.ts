import { arrayType } from './array-type.js';
import { foldedText } from './ordering-text.js';
import { isPlainScalar, orderedBy, scalarType, TEXT_TYPE, type ValueType } from './value.js';

/** What a type that is none of PostgreSQL's plain ones is made of; nothing of all this: it is read as text. */
export interface TypeFacts {
  /** Of a domain: the oid of its base type. */
  readonly base?: number;
  /** Of an array: the oid of its element's type. */
  readonly element?: number;
  /** Between an array's elements; a comma for every type but box. */
  readonly delimiter?: string;
  readonly isCitext?: true;
}

const CITEXT_TYPE = orderedBy(foldedText);

/** How a type's values are read; undefined where nobody knows the type, or one that it is made of. */
export function valueTypeOf(
  oid: number,
  factsOf: (oid: number) => TypeFacts | undefined,
): ValueType | undefined {
  if (isPlainScalar(oid)) return scalarType(oid) ?? TEXT_TYPE;
  const facts = factsOf(oid);
  if (!facts) return undefined;
  if (facts.base !== undefined) return valueTypeOf(facts.base, factsOf);
  if (facts.isCitext) return CITEXT_TYPE;
  if (facts.element === undefined) return scalarType(oid) ?? TEXT_TYPE;
  const element = valueTypeOf(facts.element, factsOf);
  if (!element) return undefined;
  return arrayType(element, facts.delimiter ?? ',');
}
