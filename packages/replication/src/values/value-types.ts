import { arrayType } from './array-type.js';
import { foldedText } from './ordering-text.js';
import { isPlainScalar, type JsonNulls, orderedBy, scalarType, TEXT_TYPE, type ValueType } from './value.js';

/** Facts from the catalog about a type that is not a plain scalar. A type without any of these facts is read as text. */
export interface TypeFacts {
  /** OID of the domain's base type. */
  readonly base?: number;
  /** OID of the array's element type. */
  readonly element?: number;
  /** Delimiter between the array's elements. Default: a comma, which every built-in type but box has. */
  readonly delimiter?: string;
  readonly isCitext?: true;
}

const CITEXT_TYPE = orderedBy(foldedText);

/** Returns how values of a type are read. Undefined if the type, its base type or its element type is unknown. */
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

/** Finds the array elements that are JSON null. The array's JSON shows SQL NULL in the same way. */
function jsonNullsIn(ofElement: JsonNulls, delimiter: string): JsonNulls {
  // An array of the same form, in which each element is replaced by the paths found in the element.
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
