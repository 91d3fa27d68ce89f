import { tableName } from '@walmq/change';
import type { ChosenTable } from '../plan/answers.js';
import { property, quoted } from '../plan/names.js';

export interface Named {
  readonly table: ChosenTable;
  /** Name of the queue and of the worker. */
  readonly name: string;
}

/** Path of a worker's file in the project. */
export function workerPath(name: string): string {
  return `src/workers/${name}.ts`;
}

/** walmq.config.ts with one queue and one worker per table. */
export function configFile(named: readonly Named[], devSchema: string | undefined): string {
  return `import { defineConfig } from 'walmq';

export default defineConfig({
  queues: {
${named.map(each => `    ${queueLine(each)}\n`).join('')}  },
  workers: {
${named.map(each => `    ${workerLine(each)}\n`).join('')}  },
${devSchema === undefined ? '' : `  // "walmq dev" runs this file when it starts.\n  dev: { schema: ${quoted(devSchema)} },\n`}});
`;
}

/** The queue's line in walmq.config.ts. */
export function queueLine({ table, name }: Named): string {
  const note = table.model?.key.length === 0 ? ' // no primary key: one change after the other' : '';
  return `${property(name)}: { table: ${quoted(tableName(table))} },${note}`;
}

/** The worker's line in walmq.config.ts. */
export function workerLine({ name }: Named): string {
  return `${property(name)}: ${quoted(workerPath(name))},`;
}
