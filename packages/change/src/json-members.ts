/** A member of a JSON object, cut out as it stands. */
export interface JsonMember {
  readonly name: string;
  /** The value's JSON text: no digit is lost, and no depth is too much. */
  readonly json: string;
  /** The whole member: `"name":value`. */
  readonly text: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);

/**
 * The members of a JSON object in their order, each as the text that it is. Reads text that is known to be JSON, as a
 * job's data is; throws RangeError where it is no object or ends early.
 */
export function jsonMembers(json: string): JsonMember[] {
  const start = skipSpace(json, 0);
  if (json[start] !== '{') throw new RangeError('it is no JSON object');
  const members: JsonMember[] = [];
  let at = skipSpace(json, start + 1);
  while (json[at] === '"') {
    const nameEnd = endOfString(json, at);
    const valueAt = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, valueAt);
    const name = JSON.parse(json.slice(at, nameEnd)) as string;
    members.push({ name, json: json.slice(valueAt, end).trimEnd(), text: json.slice(at, end).trimEnd() });
    at = json[end] === ',' ? skipSpace(json, end + 1) : end;
  }
  if (json[at] !== '}') throw new RangeError('a JSON object ends early');
  return members;
}

/** Past the value that begins at `at`: at the comma or the bracket behind it. */
function endOfValue(json: string, at: number): number {
  let depth = 0;
  for (let next = at; next < json.length; next++) {
    const character = json.charCodeAt(next);
    if (character === QUOTE) next = endOfString(json, next) - 1;
    else if (OPEN.has(character)) depth++;
    else if (depth === 0 && (character === COMMA || CLOSE.has(character))) return next;
    else if (CLOSE.has(character)) depth--;
  }
  throw new RangeError('a JSON value ends early');
}

/** Past the closing quote of the string that opens at `at`. */
function endOfString(json: string, at: number): number {
  for (let next = at + 1; next < json.length; next++) {
    const character = json.charCodeAt(next);
    if (character === BACKSLASH) next++;
    else if (character === QUOTE) return next + 1;
  }
  throw new RangeError('a JSON string ends early');
}

function skipSpace(json: string, at: number): number {
  let next = at;
  while (next < json.length && json.charCodeAt(next) <= 0x20) next++;
  return next;
}
