import { arrayType } from './array-type.js';
import { foldedText } from './ordering-text.js';
import { isPlainScalar, type JsonNulls, orderedBy, scalarType, TEXT_TYPE, type ValueType } from './value.js';

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
  const delimiter = facts.delimiter ?? ',';
  const type = arrayType(element, delimiter);
  return element.jsonNulls ? { ...type, jsonNulls: jsonNullsIn(element.jsonNulls, delimiter) } : type;
}

/** Within an array: the elements that are JSON's null, where those that are SQL's NULL look alike. */
function jsonNullsIn(ofElement: JsonNulls, delimiter: string): JsonNulls {
  // An array of the same form, whose elements are lists of what was found in them.
  const { toJson: found } = arrayType(
    {
      ...TEXT_TYPE,
      write: (json, bytes, start, end) =>
        json.text(JSON.stringify({ found: ofElement.find(bytes.toString('utf8', start, end)) })),
    },
    delimiter,
  );
  return {
    mayBeIn: () => true,
    find: text => (text.includes('null') ? flatten(JSON.parse(found(text)) as Found[]) : []),
  };
}

type Found = Found[] | { readonly found: readonly string[] } | null;

function flatten(items: readonly Found[]): string[] {
  return items.flatMap((item, index) => {
    const inside = Array.isArray(item) ? flatten(item) : (item?.found ?? []);
    return inside.map(path => `[${index}]${path}`);
  });
}
