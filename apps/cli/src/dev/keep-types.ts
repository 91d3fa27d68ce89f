import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { publishedTables, type WalmqConfig } from '@walmq/config';
import { printTables, readTables } from '@walmq/row-types';
import { withDatabase } from '../terminal/connect.js';
import { bareTypes } from '../types/bare-types.js';
import type { PartHost } from './part.js';

/** A look is a few queries of the catalog. An event trigger would need a superuser and leave a function behind. */
const LOOK_MS = 2000;

/** Writes the row types again when a table has changed, until the signal is aborted. A file that does not exist is not made. */
export async function keepTypes(config: WalmqConfig, host: PartHost): Promise<void> {
  const { root, env, screen, signal } = host;
  const file = resolve(root, config.dev.types);
  const look = { tables: publishedTables(config), publication: config.source.publication };
  let known: string | undefined;
  while (!signal.aborted) {
    try {
      await withDatabase(env.DATABASE_URL as string, async client => {
        while (!signal.aborted) {
          const types = printTables(await readTables(client, look));
          if (types !== known) {
            const present = await readFile(file, 'utf8').catch(() => undefined);
            // A formatter of the project may have written the same types in another form.
            if (present !== undefined && bareTypes(present) !== bareTypes(types)) {
              await writeFile(file, types);
              screen.say('types', `${config.dev.types} is written again, because a table has changed`);
            }
            known = types;
          }
          await delay(LOOK_MS, undefined, { signal });
        }
      });
    } catch {
      // The server is away, or a table is being replaced: the next look comes soon.
      await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }
}
