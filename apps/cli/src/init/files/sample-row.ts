import type { ColumnModel, TableModel, ValueType } from '@walmq/row-types';
import { property, quoted } from '../plan/names.js';

/** Longest row on one line. */
const LINE = 70;

/** The source of a row with a value in every column. Its lines after the first begin with `margin`. */
export function sampleRow(model: TableModel | undefined, margin: string): string {
  if (!model) return '{ id: 1 }';
  const columns = model.columns.map(column => `${property(column.name)}: ${sampleOf(column, model)}`);
  const flat = `{ ${columns.join(', ')} }`;
  return flat.length <= LINE
    ? flat
    : `{\n${columns.map(column => `${margin}  ${column},\n`).join('')}${margin}}`;
}

function sampleOf(column: ColumnModel, { key }: TableModel): string {
  return column.nullable && !key.includes(column.name) ? 'null' : sampleValue(column.type, column.sqlType);
}

function sampleValue(type: ValueType, sqlType: string): string {
  if (typeof type === 'object') return 'array' in type ? '[]' : quoted(type.enum[0] ?? '');
  switch (type) {
    case 'boolean':
      return 'true';
    case 'integer':
    case 'float':
      return '1';
    case 'bigint':
      return "'1'";
    case 'numeric':
      return "'10.00'";
    case 'json':
      return '{ sample: true }';
    case 'date':
      return "'2026-01-31'";
    case 'timestamp':
      return "'2026-01-31T12:00:00'";
    case 'timestamptz':
      return "'2026-01-31T12:00:00Z'";
    case 'bytes':
      return "'c2FtcGxl'";
    case 'text':
      return sqlType === 'uuid' ? "'7b0c5c5e-1f0a-4c0e-9a51-0d8f6f3a2b1c'" : "'sample'";
  }
}
