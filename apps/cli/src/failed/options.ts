import { type Lsn, normalTableName, parseLsn, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import type { FailedFilter } from '@walmq/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { columnAndValue } from '../terminal/column-value.js';

/** The filter of failed changes from the command line. */
export interface FilterOptions {
  readonly queue?: string[];
  readonly table?: string;
  readonly op?: string;
  readonly key?: string[];
  readonly reason?: string;
  readonly text?: string;
  readonly group?: string;
  readonly since?: number;
  readonly until?: number;
  readonly committedSince?: number;
  readonly committedUntil?: number;
  readonly fromLsn?: Lsn;
  readonly toLsn?: Lsn;
  readonly id?: string[];
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--queue <name>', 'changes of this queue; repeat it for several queues', collect)
    .option('--table <table>', 'changes of this table: orders, or sales.orders')
    .option('--op <operation>', 'changes with this operation: insert, update, delete, ...')
    .option(
      '--key <column=value>',
      'changes of the row with this key or ordering column; or give only the value; repeat it for each column of a composite key',
      collect,
    )
    .option('--reason <text>', 'changes whose reason contains this text')
    .option('--text <text>', 'changes whose reason, or a value of whose row, contains this text')
    .option('--group <id>', 'changes of this group, as "walmq failed" prints it')
    .option(
      '--since <time>',
      'changes that failed at or after this time: 2026-01-31T10:00, or 30s, 15m, 2h, 3d ago',
      time,
    )
    .option('--until <time>', 'changes that failed at or before this time', time)
    .option('--committed-since <time>', 'changes committed at or after this time', time)
    .option('--committed-until <time>', 'changes committed at or before this time', time)
    .option('--from-lsn <lsn>', 'changes committed at or after this LSN', lsn)
    .option('--to-lsn <lsn>', 'changes committed at or before this LSN', lsn)
    .option('--id <id>', 'this change or job; repeat it for several', collect);
}

export function filterOf(options: FilterOptions): FailedFilter {
  const {
    table,
    op,
    reason,
    text,
    since,
    until,
    committedSince,
    committedUntil,
    fromLsn,
    toLsn,
    key,
    id,
    group,
  } = options;
  return {
    ...given('table', table === undefined ? undefined : normalTableName(table)),
    ...given('op', op),
    ...given('reason', reason),
    ...given('text', text),
    ...given('failedFromMs', since),
    ...given('failedToMs', until),
    ...given('committedFromMs', committedSince),
    ...given('committedToMs', committedUntil),
    ...given('fromLsn', fromLsn),
    ...given('toLsn', toLsn),
    ...given('group', group),
    ...keyOf(key),
    ...given('ids', id && new Set(id)),
  };
}

/** True if at least one option restricts the selection. */
export function isNarrowed(options: FilterOptions): boolean {
  return options.queue !== undefined || Object.keys(filterOf(options)).length > 0;
}

/** Names of the selected queues. Default: all queues. Throws QUEUE_UNKNOWN. */
export function queueNames({ queue }: FilterOptions, config: WalmqConfig): string[] {
  const known = Object.keys(config.queues);
  const unknown = queue?.find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new WalmqError('QUEUE_UNKNOWN', `there is no queue "${unknown}" in the configuration.`, {
      remedy: `Its queues are: ${known.join(', ')}.`,
    });
  return queue ?? known;
}

function given<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: T });
}

export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Parses --key: `id=42` names a column, `42` is a value of the key in the order of its columns. */
function keyOf(key: readonly string[] | undefined): Pick<FailedFilter, 'key' | 'keyValues'> {
  const named = key?.map(columnAndValue).filter(pair => pair !== undefined);
  const values = key?.filter(text => !columnAndValue(text));
  return {
    ...(named?.length ? { key: Object.fromEntries(named) } : {}),
    ...(values?.length ? { keyValues: values } : {}),
  };
}

/** Parses --limit. */
export function pageSize(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > 10_000)
    throw new InvalidArgumentError('It must be a number from 1 to 10000.');
  return size;
}

const AGO = /^(\d+(?:\.\d+)?)([smhd])$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a time, or an age such as `2h`, to milliseconds since 1970. */
export function time(text: string): number {
  const ago = AGO.exec(text);
  const ms = ago ? Date.now() - Number(ago[1]) * (UNIT_MS[ago[2] as string] as number) : Date.parse(text);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('It must be a time like 2026-01-31T10:00Z, or 15m, 2h, 3d (ago).');
  return ms;
}

function lsn(text: string): Lsn {
  try {
    return parseLsn(text);
  } catch {
    throw new InvalidArgumentError('It must be a WAL position like 16/B374D848.');
  }
}
