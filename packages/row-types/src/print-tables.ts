import type { Scalar, TableDescription, ValueType } from './description.js';
import { nameOf, rowNames, validatorName } from './name-tables.js';
import { LINE_WIDTH, printLiteral, printName, printString } from './print-literal.js';
import { printType, printValidator } from './print-type.js';
import type { ColumnModel, TableModel } from './read-tables.js';

interface Named {
  readonly model: TableModel;
  /** As handlers name the table. */
  readonly name: string;
  readonly rowName: string;
}

/** A TypeScript file of the tables' row types, validators and descriptions; the same models give the same text. */
export function printTables(models: readonly TableModel[]): string {
  const rows = rowNames(models);
  const tables = models.map((model, i) => ({ model, name: nameOf(model), rowName: rows[i] as string }));
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
  const flat = `import { ${names.join(', ')} } from '@walmq/row-types';\n`;
  if (flat.length - 1 <= LINE_WIDTH) return flat;
  return `import {\n${names.map(name => `  ${name},\n`).join('')}} from '@walmq/row-types';\n`;
}

/** What a type comes down to; undefined of an enum. */
function scalarOf(type: ValueType): Scalar | undefined {
  if (typeof type === 'string') return type;
  return 'array' in type ? scalarOf(type.array) : undefined;
}

function printRow({ model, name, rowName }: Named): string {
  const about = [`A row of \`${name}\`.`];
  if (model.comment) about.push(model.comment);
  const columns = model.columns.map(column => {
    const head = `  ${printName(column.name)}: `;
    const type = printType(column, 2, head.length);
    return `${printColumnComment(column)}${type.startsWith('\n') ? head.trimEnd() : head}${type};\n`;
  });
  return `${printComment(about, 0)}export interface ${rowName} {${columns.length > 0 ? '\n' : ''}${columns.join('')}}\n`;
}

function printColumnComment({ sqlType, comment }: ColumnModel): string {
  return printComment([`\`${sqlType}\``, ...(comment ? [comment] : [])], 2);
}

/** A doc comment that nothing in the database breaks out of. */
function printComment(paragraphs: readonly string[], indent: number): string {
  const margin = ' '.repeat(indent);
  const lines = paragraphs
    .join('\n')
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(line => line.trimEnd());
  if (lines.length === 1) return `${margin}/** ${lines[0]} */\n`;
  return `${margin}/**\n${lines.map(line => `${margin} *${line && ` ${line}`}\n`).join('')}${margin} */\n`;
}

function printRowValidator({ model, rowName }: Named): string {
  const columns = model.columns.map(column => {
    const head = `  ${printName(column.name)}: `;
    return `${head}${printValidator(column, 2, head.length)},\n`;
  });
  const validator = validatorName(rowName);
  const whole = `export const ${validator} = rowOf<${rowName}>()({${columns.length > 0 ? '\n' : ''}${columns.join('')}});\n`;
  return whole + printSentValidator(model, rowName);
}

/** What a new row may be where columns may be left out. */
function printSentValidator(model: TableModel, rowName: string): string {
  const optional = optionalOf(model);
  if (optional.length === 0) return '';
  const head = `export const sent${rowName} = sentOf(${validatorName(rowName)}, `;
  return `\n/** Of a new row, which lacks the columns that an update did not touch. */
${head}${printLiteral(optional, 0, head.length + 1)});\n`;
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

/** The part of a model that a stream can be held against. */
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

function optionalOf({ columns }: TableModel): string[] {
  return columns.filter(({ optional }) => optional).map(({ name }) => name);
}
