import { parseTableName, qualifiedName, WalmqError } from '@walmq/change';

/** A table as an option names it, in full. Throws OPTION_INVALID. */
export function fullNameOf(text: string): string {
  const name = parseTableName(text);
  if (name) return qualifiedName(name);
  throw new WalmqError('OPTION_INVALID', `"${text}" is not the name of a table.`, {
    remedy: `Write it as SQL does, with a name that holds a space, a dot or a quote in double quotes: --table '"my schema"."odd.name"'.`,
  });
}
