/** A member of a JSON object, as offsets in the text. */
interface Member {
  readonly name: string;
  /** Offset of the name's quote. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

interface ObjectSpan {
  readonly open: number;
  readonly close: number;
  readonly members: readonly Member[];
}

export interface MemberValue {
  /** Member of the top object that holds the new member: `scripts`. Created at the end if it is missing. */
  readonly section: string;
  readonly name: string;
  readonly value: string;
  /** True: before the first member with a greater name, as package managers sort dependencies. Default: at the end. */
  readonly sorted?: boolean;
}

/**
 * Sets a string in a JSON text, and keeps order, indentation and everything else of the text. The text must be valid
 * JSON with an object at the top, and the section, if present, must be an object.
 */
export function setMember(text: string, { section, name, value, sorted = false }: MemberValue): string {
  const top = readObject(text, text.indexOf('{'));
  const found = top.members.find(member => member.name === section);
  const entry = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  const margin = marginOf(text, top);
  if (!found) {
    const object = `${JSON.stringify(section)}: {${between(text, entry, margin, margin)}}`;
    return top.members.length > 0 ? append(text, top, object) : fill(text, top, object, margin, '');
  }
  const object = readObject(text, found.valueStart);
  const existing = object.members.find(member => member.name === name);
  if (existing)
    return text.slice(0, existing.valueStart) + JSON.stringify(value) + text.slice(existing.valueEnd);
  const next = sorted ? object.members.find(member => member.name > name) : undefined;
  if (next) return `${text.slice(0, next.start)}${entry},${spaceBefore(text, next)}${text.slice(next.start)}`;
  return object.members.length > 0 ? append(text, object, entry) : fill(text, object, entry, margin, margin);
}

function append(text: string, { members }: ObjectSpan, entry: string): string {
  const last = members.at(-1) as Member;
  return `${text.slice(0, last.valueEnd)},${spaceBefore(text, last)}${entry}${text.slice(last.valueEnd)}`;
}

/** The first member of an empty object. */
function fill(
  text: string,
  { open, close }: ObjectSpan,
  entry: string,
  margin: string,
  outer: string,
): string {
  return text.slice(0, open + 1) + between(text, entry, margin, outer) + text.slice(close);
}

/** The only member of an object, on a line of its own unless the whole text is one line. */
function between(text: string, entry: string, margin: string, outer: string): string {
  if (margin === '') return entry;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return `${eol}${outer}${margin}${entry}${eol}${outer}`;
}

/** The indentation of the top object's members. Empty if the text is one line. */
function marginOf(text: string, top: ObjectSpan): string {
  const [first] = top.members;
  if (!first) return '  ';
  const space = spaceBefore(text, first);
  return space.includes('\n') ? space.slice(space.lastIndexOf('\n') + 1) : '';
}

function spaceBefore(text: string, { start }: Member): string {
  return /\s*$/.exec(text.slice(0, start))?.[0] ?? '';
}

function readObject(text: string, open: number): ObjectSpan {
  const members: Member[] = [];
  let at = skipSpace(text, open + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.push({ name: JSON.parse(text.slice(at, nameEnd)) as string, start: at, valueStart, valueEnd });
    at = skipSpace(text, valueEnd);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return { open, close: at, members };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

function skipString(text: string, quote: number): number {
  let at = quote + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const character = text[at];
    if (character === '"') at = skipString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return trimmedEnd(text, at);
      depth -= 1;
    } else if (character === ',' && depth === 0) return trimmedEnd(text, at);
    at += 1;
    if (depth === 0 && /["}\]]/.test(character ?? '')) return at;
  }
}

/** End of a number or word that ends before `at`. */
function trimmedEnd(text: string, at: number): number {
  return text.slice(0, at).trimEnd().length;
}
