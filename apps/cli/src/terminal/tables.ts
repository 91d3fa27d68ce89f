import { parseTableName, qualifiedName, WalmqError } from '@walmq/change';

/** Converts a table's name in an option to its full name. Throws OPTION_INVALID. */
export function fullNameOf(text: string): string {
  const name = parseTableName(text);
  if (name) return qualifiedName(name);
  throw new WalmqError('OPTION_INVALID', `"${text}" is not the name of a table.`, {
    remedy: `Write it as SQL does, with a name that holds a space, a dot or a quote in double quotes: --table '"my schema"."odd.name"'.`,
  });
}
