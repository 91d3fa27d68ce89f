import { validatorName } from './name-tables.js';
import { printLiteral, printName } from './print-literal.js';
import { printType, printValidator } from './print-type.js';
import type { ColumnModel, TableModel } from './read-tables.js';

export interface Named {
  readonly model: TableModel;
  /** The table's name in handlers. */
  readonly name: string;
  readonly rowName: string;
}

/** The interface of a table's row. */
export function printRow({ model, name, rowName }: Named): string {
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

/** A doc comment that no text of the database can end. */
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

/** The validator of a table's row and, if columns may be absent, of a new row without them. */
export function printRowValidator({ model, rowName }: Named): string {
  const columns = model.columns.map(column => {
    const head = `  ${printName(column.name)}: `;
    return `${head}${printValidator(column, 2, head.length)},\n`;
  });
  const validator = validatorName(rowName);
  const whole = `export const ${validator} = rowOf<${rowName}>()({${columns.length > 0 ? '\n' : ''}${columns.join('')}});\n`;
  return whole + printSentValidator(model, rowName);
}

function printSentValidator(model: TableModel, rowName: string): string {
  const optional = optionalOf(model);
  if (optional.length === 0) return '';
  const head = `export const ${validatorName(rowName)}Sent = sentOf(${validatorName(rowName)}, `;
  return `\n/** Of a new row, which lacks the columns that an update did not touch. */
${head}${printLiteral(optional, 0, head.length + 1)});\n`;
}

/** Names of the columns that an update may omit. */
export function optionalOf({ columns }: TableModel): string[] {
  return columns.filter(({ optional }) => optional).map(({ name }) => name);
}
