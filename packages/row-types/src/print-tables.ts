import { tableName } from '@walmq/change';
import type { Scalar, TableDescription, ValueType } from './description.js';
import { rowNames, validatorName } from './name-tables.js';
import { LINE_WIDTH, printLiteral, printName, printString } from './print-literal.js';
import { type Named, optionalOf, printRow, printRowValidator } from './print-row.js';
import type { TableModel } from './read-tables.js';

/**
 * A TypeScript file with the tables' row types, validators and descriptions. The same models give the same
 * text.
 */
export function printTables(models: readonly TableModel[]): string {
  const rows = rowNames(models);
  const tables = models.map((model, i) => ({ model, name: tableName(model), rowName: rows[i] as string }));
  const body = [
    ...tables.flatMap(table => [printRow(table), printRowValidator(table)]),
    printTypes(tables),
    printValidators(tables),
    printDescriptions(tables),
  ].join('\n');
  return `${HEADER}${printImports(models)}\n${body}`;
}

const HEADER = `// Written by "walmq types" from the database's catalog. Do not edit: change the tables, then run it again.
// "walmq types --check" says what has drifted.

`;

function printImports(models: readonly TableModel[]): string {
  const scalars = new Set(models.flatMap(({ columns }) => columns.map(({ type }) => scalarOf(type))));
  const names = [
    ...(scalars.has('float') ? ['type Float'] : []),
    ...(models.some(({ oldRow }) => oldRow === 'key') ? ['type IdentityOnly'] : []),
    ...(scalars.has('json') ? ['type Json'] : []),
    'rowOf',
    ...(models.some(model => optionalOf(model).length > 0) ? ['sentOf'] : []),
    'type TableDescription',
    'values',
  ];
  const flat = `import { ${names.join(', ')} } from 'walmq';\n`;
  if (flat.length - 1 <= LINE_WIDTH) return flat;
  return `import {\n${names.map(name => `  ${name},\n`).join('')}} from 'walmq';\n`;
}

/** The scalar of a type or of an array's elements; undefined for an enum. */
function scalarOf(type: ValueType): Scalar | undefined {
  if (typeof type === 'string') return type;
  return 'array' in type ? scalarOf(type.array) : undefined;
}

function printTypes(tables: readonly Named[]): string {
  const lines = tables.map(table => {
    const head = `  ${printName(table.name)}: `;
    return `${head}${printMarked(table, head.length)};\n`;
  });
  return `/** Every table's row, for \`defineWorker<Tables>\`. */\nexport interface Tables {\n${lines.join('')}}\n`;
}

function printMarked({ model, rowName }: Named, before: number): string {
  if (model.oldRow === 'whole') return rowName;
  const optional = optionalOf(model);
  const names = [model.key, ...(optional.length > 0 ? [optional] : [])].map(columns =>
    columns.length === 0 ? ['never'] : columns.map(printString),
  );
  const flat = `IdentityOnly<${[[rowName], ...names].map(members => members.join(' | ')).join(', ')}>`;
  if (before + flat.length + 1 <= LINE_WIDTH) return flat;
  const lines = [[rowName], ...names].map(members => {
    const line = `    ${members.join(' | ')}`;
    return line.length + 1 <= LINE_WIDTH ? line : members.map(member => `    | ${member}`).join('\n');
  });
  return `IdentityOnly<\n${lines.join(',\n')}\n  >`;
}

function printValidators(tables: readonly Named[]): string {
  const lines = tables.map(({ name, rowName }) => `  ${printName(name)}: ${validatorName(rowName)},\n`);
  return `/** Every table's validator of whole rows. */\nexport const rows = {\n${lines.join('')}};\n`;
}

function printDescriptions(tables: readonly Named[]): string {
  const lines = tables.map(({ model, name }) => {
    const head = `  ${printName(name)}: `;
    return `${head}${printLiteral(describe(model), 2, head.length)},\n`;
  });
  return `/** What the tables were like, for \`expect\` in walmq.config.ts. */
export const tables: Record<keyof Tables, TableDescription> = {\n${lines.join('')}};\n`;
}

/** The part of a model that can be compared with the stream. */
export function describe({ oldRow, key, columns }: TableModel): TableDescription {
  return {
    oldRow,
    key,
    columns: columns.map(({ name, type, nullable, optional }) => ({
      name,
      type,
      nullable,
      ...(optional ? { optional } : {}),
    })),
  };
}
