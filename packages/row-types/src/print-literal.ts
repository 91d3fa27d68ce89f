/** Breaks lines as Biome and Prettier do, so that formatting a written file changes nothing. */
export const LINE_WIDTH = 110;

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/** Values that can be written as a literal, at any depth. */
type Scalar = string | number | boolean;

/** A string literal, in single quotes unless double quotes need fewer escapes. */
export function printString(text: string): string {
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(/[\u2028\u2029]/g, unicode);
  const singles = count(escaped, "'");
  const doubles = count(escaped, '"');
  return singles > doubles ? `"${escaped.replaceAll('"', '\\"')}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

/** A property's name, quoted if necessary. A literal `__proto__:` would set the prototype. */
export function printName(name: string): string {
  if (name === '__proto__') return `['__proto__']`;
  return IDENTIFIER.test(name) ? name : printString(name);
}

/** An object, array, string or boolean, on one line if it fits between `before` characters and a comma. */
export function printLiteral(value: Scalar | object, indent: number, before: number): string {
  if (typeof value === 'string') return printString(value);
  if (typeof value !== 'object') return String(value);
  const flat = flatLiteral(value);
  if (before + flat.length + 1 <= LINE_WIDTH && !isList(value)) return flat;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const inner = ' '.repeat(indent + 2);
  const lines = entries(value).map(([name, member]) => {
    const head = name === undefined ? inner : `${inner}${printName(name)}: `;
    return `${head}${printLiteral(member, indent + 2, head.length)},\n`;
  });
  return `${open}\n${lines.join('')}${' '.repeat(indent)}${close}`;
}

/** Several objects go on separate lines, whatever their width. */
function isList(value: object): boolean {
  return Array.isArray(value) && value.length > 1 && value.every(member => typeof member === 'object');
}

function flatLiteral(value: Scalar | object): string {
  if (typeof value === 'string') return printString(value);
  if (typeof value !== 'object') return String(value);
  const members = entries(value).map(([name, member]) =>
    name === undefined ? flatLiteral(member) : `${printName(name)}: ${flatLiteral(member)}`,
  );
  if (Array.isArray(value)) return `[${members.join(', ')}]`;
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function entries(value: object): (readonly [name: string | undefined, member: Scalar | object])[] {
  if (Array.isArray(value)) return value.map((member: Scalar | object) => [undefined, member]);
  return Object.entries(value as Readonly<Record<string, Scalar | object>>);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}
