import { WalmqError } from '@walmq/change';
import { importDefault } from '@walmq/config';
import { type TableDescription, tableDescriptions } from '@walmq/row-types';

/** Reads the descriptions in a file of `walmq types`. Rejects with TYPES_UNREADABLE. */
export async function readDescriptions(file: string): Promise<Readonly<Record<string, TableDescription>>> {
  try {
    const { tables } = (await importDefault(file)) as { readonly tables?: unknown };
    return tableDescriptions.parse(tables);
  } catch (cause) {
    throw new WalmqError(
      'TYPES_UNREADABLE',
      `${file} differs from the database, and does not tell in what.`,
      {
        remedy: `Write the file again: walmq types --out ${file}`,
        cause,
      },
    );
  }
}
