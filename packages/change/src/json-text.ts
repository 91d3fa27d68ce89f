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
/** So many characters are at most as many digits, which a double always holds. */
const SURE_CHARACTERS = 15;

/**
 * The members of a JSON object, each as the text it has there: no digit is lost by reading them. Undefined where a name
 * comes twice, of which readers keep one or the other. The text must be one that JSON.parse takes for an object.
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
    // Past the comma; an object's last value ends at its brace.
    at = json.charCodeAt(end) === COMMA ? end + 1 : end;
  }
}

/** True when arrays and objects in it are nested deeper than that: most readers and writers of JSON overflow somewhere. */
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

/** Every number in it that is longer than 15 characters or has an exponent, and where it begins. */
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

/** Where the text goes on after the string that begins at `at`. */
function endOfString(json: string, at: number): number {
  for (let next = at + 1; next < json.length; next++) {
    const code = json.charCodeAt(next);
    if (code === BACKSLASH) next++;
    else if (code === QUOTE) return next + 1;
  }
  return json.length;
}

/** Where a member's value ends: at the comma behind it, or at the brace of its object. */
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
