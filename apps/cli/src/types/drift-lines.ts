import { compareTables, type TableDescription } from '@walmq/row-types';

type Descriptions = Readonly<Record<string, TableDescription>>;

/** Every difference between the written types and the database, table by table, as text for people. */
export function driftLines(written: Descriptions, found: Descriptions): string[] {
  const names = [...new Set([...Object.keys(written), ...Object.keys(found)])].sort();
  return names.flatMap(name => {
    const [expected, now] = [written[name], found[name]];
    if (!expected) return [`${name} is configured, and has no types yet`];
    if (!now) return [`${name} is no longer configured`];
    return compareTables(expected, now).map(
      ({ column, what }) => `${column === undefined ? name : `${name}.${column}`} ${what}`,
    );
  });
}
