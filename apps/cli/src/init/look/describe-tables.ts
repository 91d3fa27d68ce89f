import { qualifiedName, type TableName, WalmqError } from '@walmq/change';
import { readTables, type TableModel } from '@walmq/row-types';
import { tableMeant } from '@walmq/setup';
import type { ClientBase } from 'pg';
import type { ChosenTable } from '../plan/answers.js';
import type { CandidateTable } from './candidate-tables.js';

/** Finds the wanted tables. Throws TABLE_MISSING for the first that the database does not have. */
export function chooseTables(
  wanted: readonly TableName[],
  candidates: readonly CandidateTable[],
): CandidateTable[] {
  return wanted.map(({ schema, table }) => {
    const found = candidates.find(each => each.schema === schema && each.table === table);
    if (found) return found;
    const meant = tableMeant({ schema, table }, candidates).trim();
    throw new WalmqError('TABLE_MISSING', `the database has no table ${qualifiedName({ schema, table })}.`, {
      remedy: meant || 'Create it, or correct its name; views, foreign and unlogged tables have no changes.',
    });
  });
}

/** The tables with their columns, as they are after `walmq setup`, in the order of `walmq types`. */
export async function describeTables(
  client: ClientBase,
  tables: readonly CandidateTable[],
  publication: string,
): Promise<ChosenTable[]> {
  const models = await readTables(client, { tables, publication });
  return models.map(model => {
    const { schema, table } = model;
    const { key, hasVirtual } = chooseTables([{ schema, table }], tables)[0] as CandidateTable;
    return { schema, table, model: hasVirtual ? model : afterSetup(model, key) };
  });
}

/** Set-up gives the table REPLICA IDENTITY FULL. Then each change has the whole old row, and the key is the primary key. */
function afterSetup(model: TableModel, key: readonly string[]): TableModel {
  const columns = model.columns.map(column => ({ ...column, optional: false }));
  return {
    ...model,
    oldRow: 'whole',
    key: key.filter(name => columns.some(column => column.name === name)),
    columns,
  };
}
