import { tableName } from '@walmq/change';
import { quoted, tableProperty } from '../plan/names.js';
import type { Named } from './config-file.js';

/** A worker with a handler for each operation, to be filled with effects. */
export function workerFile({ table, name }: Named): string {
  return `import { defineWorker } from 'walmq';
import type { Tables } from '../walmq-tables.js';

/**
 * Handles the changes of table ${tableName(table).replaceAll('*/', '*\\/')}, in order per row. walmq runs a handler again after a crash. So put an effect
 * in PostgreSQL into once(), and any other effect into effect(): neither is repeated once it is done.
 */
export default defineWorker<Tables>({
  queue: ${quoted(name)},
  on: {
    ${tableProperty(table)}: {
      insert: async (change, { log }) => {
        log.info({ key: change.key }, 'a row was inserted');
        return { action: 'inserted' };
      },
      update: async (change, { log }) => {
        log.info({ key: change.key, changed: change.changed }, 'a row was updated');
        return { action: 'updated' };
      },
      delete: async (change, { log }) => {
        log.info({ key: change.key }, 'a row was deleted');
        return { action: 'deleted' };
      },
    },
  },
});
`;
}
