import { randomUUID } from 'node:crypto';
import { decimalText, inexactNumbers, type Json, replaceInexact } from '@walmq/change';

/**
 * Calls a function with parsed JSON, and writes its result with the digits of the original text: a number that a double
 * cannot hold (jsonb allows 1e400, and 20 digits) keeps its text wherever the function moves it. Returns null if the
 * function returns null. Throws AmbiguousNumber, and what the function throws.
 */
export function transformExactly(
  json: string,
  transform: (value: Json) => object | null,
): { readonly made: object; readonly write: (value: object) => string } | null {
  const numbers = inexactNumbers(json);
  const made = transform(JSON.parse(json) as Json);
  if (made === null || numbers.length === 0) return made && { made, write: value => JSON.stringify(value) };
  // Random strings stand for these numbers until the result is text.
  const mark = randomUUID();
  const texts = numbers.map(({ text }) => text);
  const marked = JSON.parse(replaceInexact(json, numbers, (_, index) => `"${mark}${index}"`)) as Json;
  const marks = new Marks(mark, texts);
  const write = (value: object) =>
    JSON.stringify(marks.put(value, marked)).replaceAll(
      new RegExp(`"${mark}(\\d+)"`, 'g'),
      (_, index: string) => texts[Number(index)] as string,
    );
  return { made, write };
}

/** Several numbers of the change are the same double, and the function moved one of them. */
class AmbiguousNumber extends RangeError {
  constructor() {
    super('it moved a number that JavaScript does not tell from another one of the change');
  }
}

class Marks {
  readonly #mark: string;
  readonly #texts: readonly string[];
  /** Numbers by their double: JavaScript cannot distinguish the numbers of one entry. */
  readonly #byDouble = new Map<number, number[]>();

  constructor(mark: string, texts: readonly string[]) {
    this.#mark = mark;
    this.#texts = texts;
    for (const [index, text] of texts.entries()) {
      const double = Number(text);
      this.#byDouble.set(double, [...(this.#byDouble.get(double) ?? []), index]);
    }
  }

  /** Replaces numbers of the value with marks. `original`: the value before the call, with marks. */
  put(value: unknown, original: Json | undefined): unknown {
    if (typeof value === 'number') return this.#markOf(value, original) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    if ('toJSON' in value && typeof value.toJSON === 'function') return value;
    if (Array.isArray(value)) return value.map((item, index) => this.put(item, memberOf(original, index)));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.put(item, memberOf(original, name))]),
    );
  }

  #markOf(value: number, original: Json | undefined): string | undefined {
    const candidates = this.#byDouble.get(value);
    if (!candidates) return undefined;
    const own = candidates.find(index => original === `${this.#mark}${index}`);
    if (own !== undefined) return `${this.#mark}${own}`;
    const values = new Set(candidates.map(index => decimalText(this.#texts[index] as string)));
    if (values.size > 1) throw new AmbiguousNumber();
    return `${this.#mark}${candidates[0]}`;
  }
}

function memberOf(value: Json | undefined, name: string | number): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string | number, Json>)[name] : undefined;
}
