import { tableName } from '@walmq/change';
import { printTables } from '@walmq/row-types';
import type { ChosenTable } from '../plan/answers.js';
import { property } from '../plan/names.js';

/** The row types, as "walmq types" writes them. Provisional types if no database described the tables. */
export function tablesFile(tables: readonly ChosenTable[]): string {
  const models = tables.flatMap(({ model }) => model ?? []);
  return models.length === tables.length ? printTables(models) : provisional(tables);
}

function provisional(tables: readonly ChosenTable[]): string {
  return `// Provisional: run "walmq types" to write the columns of these tables, once the database has them.

import type { Json, TableDescription } from 'walmq';

/** Every table's row, for \`defineWorker<Tables>\`. */
export interface Tables {
${tables.map(table => `  ${property(tableName(table))}: Record<string, Json>;\n`).join('')}}

/** What the tables were like, for \`expect\` in walmq.config.ts. */
export const tables: { [Table in keyof Tables]?: TableDescription } = {};
`;
}
