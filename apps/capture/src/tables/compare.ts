import { qualifiedName } from '@walmq/change';
import type { Moment, OpenGap, SeenTable, TableFinding, TableLoss, TableMemory } from '@walmq/operations';
import { type CoveredTable, type Gap, gapsOf, type PublicationFacts, type TableFacts } from '@walmq/setup';

/** The current publication and tables. */
export interface TablesSnapshot {
  readonly publication: PublicationFacts;
  readonly tables: readonly CoveredTable[];
  /** Oids of partitions that have been attached since the last look, with rows in them. */
  readonly filled: ReadonlySet<number>;
  /** The moments before and after the look: what it finds happened before `ended`; what it does not find, not before `began`. */
  readonly began: Moment;
  readonly ended: Moment;
}

export interface Comparison {
  readonly memory: TableMemory;
  readonly gaps: readonly Gap[];
  readonly findings: readonly TableFinding[];
}

/** Older losses are dropped: an operator who ignores a hundred will not read more. */
const MOST_LOSSES = 100;
const MOST_CHILDREN = 10_000;
/** Dropping a partition is routine work: its finding is kept for this long. */
const GONE_SAID_MS = 24 * 3_600_000;

/**
 * Compares the current publication and tables with what the queues expect and with the last look. The stream may be
 * behind: PostgreSQL decodes a change with the publication of the time of that change.
 */
export function compareSnapshots(before: TableMemory, snapshot: TablesSnapshot): Comparison {
  const filters = meantFilters(before, snapshot);
  const gaps = [...gapsOf(snapshot.publication, snapshot.tables), ...filterGaps(filters, snapshot)];
  const open = openGaps(before, gaps);
  const losses = [
    ...before.losses.filter(
      ({ code, until }) => code !== 'PARTITION_GONE' || isRecent(until, snapshot.ended),
    ),
    ...lossesOf(before, snapshot, open),
  ].slice(-MOST_LOSSES);
  const memory = {
    looked: snapshot.began,
    publicationOid: snapshot.publication.oid,
    tables: { ...before.tables, ...Object.fromEntries(found(snapshot).map(seen)) },
    children: childrenOf(before, snapshot),
    filters,
    open,
    losses,
  };
  return { memory, gaps, findings: [...gaps.map(gap => findingOf(gap, open)), ...losses] };
}

/** The key of a gap in memory: a missing table and an unpublished table are one gap. */
export function gapKey({ code, table }: Gap): string {
  const family = code === 'TABLE_MISSING' ? 'TABLE_UNPUBLISHED' : code;
  return table ? `${family} ${qualifiedName(table)}` : family;
}

/** Oids of partitions that were tables of their own and were attached since the last look. */
export function newlyAttached(before: TableMemory, tables: readonly (TableFacts | undefined)[]): number[] {
  return tables.flatMap(table => {
    const was = table && before.tables[qualifiedName(table)];
    if (!was || was.oid !== table.oid) return [];
    return table.partitions
      .filter(({ oid, attached }) => attached && !was.partitions[oid])
      .map(({ oid }) => oid);
  });
}

function found({ tables }: Pick<TablesSnapshot, 'tables'>): TableFacts[] {
  return tables.flatMap(table => table.found ?? []);
}

function seen(table: TableFacts): [string, SeenTable] {
  const partitions = Object.fromEntries(table.partitions.map(each => [each.oid, qualifiedName(each)]));
  return [qualifiedName(table), { oid: table.oid, partitions }];
}

function childrenOf({ children }: TableMemory, snapshot: TablesSnapshot): TableMemory['children'] {
  const now = found(snapshot).flatMap(({ oid, schema, table, children: heirs }) =>
    heirs.map(heir => [String(heir.oid), { oid, schema, table }] as const),
  );
  return Object.fromEntries([...Object.entries(children), ...now].slice(-MOST_CHILDREN));
}

/** The filter at the first look is intended: only a later change of the filter is a loss. */
function meantFilters({ filters, tables }: TableMemory, snapshot: TablesSnapshot): Record<string, string> {
  const now = snapshot.publication.filters;
  return Object.fromEntries(
    found(snapshot).flatMap(table => {
      const name = qualifiedName(table);
      const filter = now[name];
      const meant = filters === null || !tables[name] ? filter : filters[name];
      return filter === undefined || meant === undefined ? [] : [[name, meant]];
    }),
  );
}

function filterGaps(meant: Readonly<Record<string, string>>, { publication, tables }: TablesSnapshot): Gap[] {
  return tables
    .map(({ wanted }) => wanted)
    .filter(table => {
      const filter = publication.filters[qualifiedName(table)];
      return filter !== undefined && filter !== meant[qualifiedName(table)];
    })
    .map(table => ({
      code: 'FILTER_CHANGED',
      table,
      isLoss: true,
      what: `publication "${publication.name}" has another row filter or column list for ${qualifiedName(table)} than before: what it leaves out does not come`,
      remedy:
        'Drop the table from the publication and run "npx walmq setup", then "npx walmq backfill"; ' +
        'if it is meant: "npx walmq accept-loss --tables --yes".',
    }));
}

function openGaps(before: TableMemory, gaps: readonly Gap[]): Record<string, OpenGap> {
  return Object.fromEntries(
    gaps
      .filter(({ isLoss }) => isLoss)
      .map(gap => {
        const key = gapKey(gap);
        const was = before.open[key];
        return [key, { since: was ? was.since : before.looked, what: gap.what, remedy: gap.remedy }];
      }),
  );
}

function findingOf(gap: Gap, open: Readonly<Record<string, OpenGap>>): TableFinding {
  const since = open[gapKey(gap)]?.since;
  return {
    code: gap.code,
    severity: gap.isLoss ? 'error' : 'warning',
    table: gap.table ? qualifiedName(gap.table) : null,
    sentence: `${gap.what}${since ? ` (since ${momentText(since)} at the earliest)` : ''}.`,
    remedy: gap.remedy,
    isOpen: true,
  };
}

function lossesOf(
  before: TableMemory,
  snapshot: TablesSnapshot,
  open: Readonly<Record<string, OpenGap>>,
): TableLoss[] {
  return [
    ...closedLosses(before, snapshot, open),
    ...publicationLosses(before, snapshot),
    ...found(snapshot).flatMap(table => [
      ...replacedLosses(before, snapshot, open, table),
      ...partitionLosses(before, snapshot, table),
    ]),
  ];
}

/** Gaps that are closed now. */
function closedLosses(
  before: TableMemory,
  snapshot: TablesSnapshot,
  open: Readonly<Record<string, OpenGap>>,
): TableLoss[] {
  return Object.entries(before.open)
    .filter(([key]) => !open[key])
    .flatMap(([key, { since, what }]) => {
      const table = key.split(' ').slice(1).join(' ') || null;
      // A table that never existed had no changes to lose.
      if (table !== null && key.startsWith('TABLE_UNPUBLISHED') && !before.tables[table]) return [];
      // Accepted: the filter counts as intended now.
      if (before.filters === null && key.startsWith('FILTER_CHANGED')) return [];
      // Removed from the configuration.
      if (table !== null && !snapshot.tables.some(({ wanted }) => qualifiedName(wanted) === table)) return [];
      return [
        loss(snapshot, {
          code: 'CHANGES_UNPUBLISHED',
          severity: 'error',
          table,
          sentence: `changes ${between(since, snapshot.ended)} may be missing: ${what}.`,
        }),
      ];
    });
}

function publicationLosses({ publicationOid, looked }: TableMemory, snapshot: TablesSnapshot): TableLoss[] {
  const { oid, name } = snapshot.publication;
  if (publicationOid === null || publicationOid === oid) return [];
  return [
    loss(snapshot, {
      code: 'PUBLICATION_REMADE',
      severity: 'warning',
      table: null,
      sentence: `publication "${name}" was dropped and made anew: changes ${between(looked, snapshot.ended)} may be missing.`,
    }),
  ];
}

/** A table that was dropped and created again, and published before any look found it missing. */
function replacedLosses(
  before: TableMemory,
  snapshot: TablesSnapshot,
  open: Readonly<Record<string, OpenGap>>,
  table: TableFacts,
): TableLoss[] {
  const name = qualifiedName(table);
  const was = before.tables[name];
  const key = `TABLE_UNPUBLISHED ${name}`;
  // An open gap, or one that was just closed, reports the same loss.
  if (!was || was.oid === table.oid || open[key] || before.open[key]) return [];
  return [
    loss(snapshot, {
      code: 'TABLE_REPLACED',
      severity: 'error',
      table: name,
      sentence: `${name} is another table than before: changes ${between(before.looked, snapshot.ended)} that were made before it was published are missing.`,
    }),
  ];
}

function partitionLosses(before: TableMemory, snapshot: TablesSnapshot, table: TableFacts): TableLoss[] {
  const name = qualifiedName(table);
  const was = before.tables[name];
  if (!was || was.oid !== table.oid) return [];
  const now = new Set(table.partitions.map(({ oid }) => String(oid)));
  const when = between(before.looked, snapshot.ended);
  const came = table.partitions.filter(({ oid }) => !was.partitions[oid] && snapshot.filled.has(oid));
  const gone = Object.entries(was.partitions).filter(([oid]) => !now.has(oid));
  return [
    ...came.map(partition =>
      loss(snapshot, {
        code: 'PARTITION_ATTACHED' as const,
        severity: 'warning' as const,
        table: name,
        sentence: `${qualifiedName(partition)} was attached to ${name} with rows in it ${when}: they came without changes.`,
      }),
    ),
    ...gone.map(([, partition]) =>
      loss(snapshot, {
        code: 'PARTITION_GONE' as const,
        severity: 'warning' as const,
        table: name,
        sentence: `${partition} was detached from ${name} or dropped ${when}: its rows went without changes.`,
        remedy: 'Delete them where workers have put them, if they must go there too.',
      }),
    ),
  ];
}

function loss(
  { ended, tables }: TablesSnapshot,
  finding: Omit<TableFinding, 'isOpen' | 'remedy'> & { readonly remedy?: string },
): TableLoss {
  const backfills = tables
    .filter(({ wanted }) => finding.table === null || qualifiedName(wanted) === finding.table)
    .flatMap(({ wanted }) =>
      (wanted.routes ?? []).map(
        ({ queue }) => `npx walmq backfill --queue ${queue} --table ${qualifiedName(wanted)}`,
      ),
    );
  const rows = [...new Set(backfills)].slice(0, 3).map(command => `"${command}"`);
  return {
    remedy: `Bring the rows as they are: ${rows.join(', ') || '"npx walmq backfill"'}; then "npx walmq accept-loss --tables --yes".`,
    ...finding,
    isOpen: false,
    until: ended,
  };
}

function between(since: Moment | null, until: Moment): string {
  return since ? `between ${momentText(since)} and ${momentText(until)}` : `before ${momentText(until)}`;
}

function momentText({ at, lsn }: Moment): string {
  return `${at} (${lsn})`;
}

function isRecent(moment: Moment, now: Moment): boolean {
  return Date.parse(now.at) - Date.parse(moment.at) < GONE_SAID_MS;
}
