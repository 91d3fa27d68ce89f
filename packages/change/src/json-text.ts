const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENS: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSES: ReadonlySet<number> = new Set([0x5d, 0x7d]);
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const EXPONENTS: ReadonlySet<number> = new Set([0x45, 0x65]);
/** A number of up to 15 characters has up to 15 digits, which a double always holds. */
const SURE_CHARACTERS = 15;

/**
 * The members of a JSON object, each as its original text, so that no digit is lost. Undefined if a name occurs twice,
 * because readers disagree about which member counts. The text must be valid JSON of an object.
 */
export function jsonMembers(json: string): ReadonlyMap<string, string> | undefined {
  const members = new Map<string, string>();
  for (let at = json.indexOf('{') + 1; ; ) {
    const nameAt = json.indexOf('"', at);
    const closeAt = json.indexOf('}', at);
    if (nameAt < 0 || closeAt < nameAt) return members;
    const nameEnd = endOfString(json, nameAt);
    const name = JSON.parse(json.slice(nameAt, nameEnd)) as string;
    if (members.has(name)) return undefined;
    const start = json.indexOf(':', nameEnd) + 1;
    const end = endOfValue(json, start);
    members.set(name, json.slice(start, end).trim());
    // Continue behind the comma. The last value of an object ends at the closing brace instead.
    at = json.charCodeAt(end) === COMMA ? end + 1 : end;
  }
}

/** True if arrays and objects are nested deeper than `limit`. Many readers and writers of JSON overflow on deep nesting. */
export function isNestedDeeper(json: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (OPENS.has(code) && ++depth > limit) return true;
    else if (CLOSES.has(code)) depth--;
  }
  return false;
}

/** Every number that is longer than 15 characters or has an exponent, with the index of its first character. */
export function* longNumbers(json: string): Generator<{ readonly text: string; readonly at: number }> {
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (code === MINUS || isDigit(code)) {
      const start = at;
      let hasExponent = false;
      for (; isOfNumber(json.charCodeAt(at + 1)); at++)
        hasExponent ||= EXPONENTS.has(json.charCodeAt(at + 1));
      if (hasExponent || at - start >= SURE_CHARACTERS) yield { text: json.slice(start, at + 1), at: start };
    }
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isOfNumber(code: number): boolean {
  return isDigit(code) || code === MINUS || code === PLUS || code === POINT || EXPONENTS.has(code);
}

/** Index behind the string that begins at `at`. */
function endOfString(json: string, at: number): number {
  for (let next = at + 1; next < json.length; next++) {
    const code = json.charCodeAt(next);
    if (code === BACKSLASH) next++;
    else if (code === QUOTE) return next + 1;
  }
  return json.length;
}

/** Index of the end of a member's value: the comma behind it, or the closing brace of its object. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (OPENS.has(code)) depth++;
    else if (depth === 0 && (code === COMMA || CLOSES.has(code))) return at;
    else if (CLOSES.has(code)) depth--;
  }
  return json.length;
}
