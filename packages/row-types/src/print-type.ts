import type { ColumnDescription, Scalar, ValueType } from './description.js';
import { LINE_WIDTH, printLiteral, printString } from './print-literal.js';

const TYPE_OF: Readonly<Record<Scalar, string>> = {
  boolean: 'boolean',
  integer: 'number',
  float: 'Float',
  bigint: 'string',
  numeric: 'string',
  json: 'Json',
  date: 'string',
  timestamp: 'string',
  timestamptz: 'string',
  bytes: 'string',
  text: 'string',
};

/** The TypeScript type of a column's values, for a property at `indent` with `before` characters in front. */
export function printType(column: ColumnDescription, indent: number, before: number): string {
  const members = nullable(unionOf(column.type), column);
  const flat = members.map(member => flatMember(member)).join(' | ');
  if (before + flat.length + 1 <= LINE_WIDTH) return flat;
  const [only] = members;
  if (members.length === 1 && only !== undefined) return brokenMember(only, indent);
  return `\n${brokenUnion(members, indent + 2)}`;
}

/**
 * The expression that validates a column's values, for a property at `indent` with `before` characters in
 * front.
 */
export function printValidator(column: ColumnDescription, indent: number, before: number): string {
  const { base, calls } = chainOf(column.type);
  const all = isNullable(column) ? [...calls, '.nullable()'] : calls;
  const head = typeof base === 'string' ? `values.${base}` : undefined;
  if (head !== undefined) return head + all.join('');
  const labels = base as readonly string[];
  const flat = `values.oneOf(${printLiteral(labels, 0, Number.NEGATIVE_INFINITY)})${all.join('')}`;
  if (before + flat.length + 1 <= LINE_WIDTH) return flat;
  if (all.length === 0) return `values.oneOf(${printLiteral(labels, indent, LINE_WIDTH)})`;
  const inner = `\n${' '.repeat(indent + 2)}`;
  const oneOf = `.oneOf(${printLiteral(labels, indent + 2, indent + 2 + '.oneOf()'.length)})`;
  return `values${[oneOf, ...all].map(call => inner + call).join('')}`;
}

/** JSON has a null of its own. */
function isNullable({ type, nullable }: ColumnDescription): boolean {
  return nullable && type !== 'json';
}

type Member = string | { readonly items: readonly Member[]; readonly brackets: string };

function unionOf(type: ValueType): readonly Member[] {
  if (typeof type === 'string') return [TYPE_OF[type]];
  if ('enum' in type) return type.enum.length === 0 ? ['never'] : type.enum.map(printString);
  const items = type.array === 'json' ? unionOf(type.array) : [...unionOf(type.array), 'null'];
  return [{ items, brackets: '[]'.repeat(type.dimensions) }];
}

function nullable(members: readonly Member[], column: ColumnDescription): readonly Member[] {
  return isNullable(column) ? [...members, 'null'] : members;
}

function flatMember(member: Member): string {
  if (typeof member === 'string') return member;
  const items = member.items.map(flatMember).join(' | ');
  return `${member.items.length > 1 ? `(${items})` : items}${member.brackets}`;
}

function brokenUnion(members: readonly Member[], indent: number): string {
  const margin = ' '.repeat(indent);
  return members
    .map(member => {
      const flat = flatMember(member);
      const fits = indent + 2 + flat.length + 1 <= LINE_WIDTH;
      return `${margin}| ${fits ? flat : brokenMember(member, indent + 2)}`;
    })
    .join('\n');
}

function brokenMember(member: Member, indent: number): string {
  if (typeof member === 'string') return member;
  return `(\n${brokenUnion(member.items, indent + 2)}\n${' '.repeat(indent)})${member.brackets}`;
}

/** The base of a validator, and the calls on it. */
function chainOf(type: ValueType): { base: Scalar | readonly string[]; calls: readonly string[] } {
  if (typeof type === 'string') return { base: type, calls: [] };
  if ('enum' in type) return { base: type.enum, calls: [] };
  const { base, calls } = chainOf(type.array);
  const elements = type.array === 'json' ? [] : ['.nullable()'];
  return { base, calls: [...calls, ...elements, ...Array<string>(type.dimensions).fill('.array()')] };
}
