import {
  formatLsn,
  formatPosition,
  type Lsn,
  parseLsn,
  parsePosition,
  qualifiedName,
  WalmqError,
} from '@walmq/change';
import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, moveCheckpoint, readCheckpoint } from '@walmq/fanout';
import {
  countUnenqueued,
  findUnpublished,
  findUnreadable,
  noteSkipped,
  publicationMissing,
  readSlot,
  readSource,
  readUnreadable,
  type Slot,
  type SlotReader,
  type Unreadable,
  type UnreadableDetails,
} from '@walmq/replication';
import { readPublication, readServer } from '@walmq/setup';
import { type Command, InvalidArgumentError } from 'commander';
import type { Redis } from 'ioredis';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from './log/operator.js';
import { type CommandIo, configOf, databaseUrlOf, redisUrlOf } from './terminal/command.js';
import { connectRedis, withDatabase } from './terminal/connect.js';
import { examples, type Host } from './terminal/help.js';
import { shellWord } from './terminal/shell-word.js';

interface SkipOptions extends OperatorOptions {
  readonly at?: Lsn;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addSkip(program: Command, { io }: Host): void {
  addOperatorOptions(program.command('skip'))
    .description('skip one transaction, or changes made without a publication, that PostgreSQL cannot send')
    .option('--at <lsn>', 'skip only if the transaction has this commit LSN', lsn)
    .option('--dry-run', 'print what would be skipped, and change nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print { commitLsn, xid, tables, reason, skipped }')
    .addHelpText(
      'after',
      examples(
        ['walmq skip --dry-run', 'which transaction, and why?'],
        ['walmq skip --at 0/16B3748 --yes', 'skip this transaction and no other'],
      ),
    )
    .action((options: SkipOptions) => skipCommand(io, options));
}

function lsn(text: string): Lsn {
  try {
    return parseLsn(text);
  } catch {
    throw new InvalidArgumentError('Write it as PostgreSQL does: 0/16B3748.');
  }
}

/** `walmq skip`: finds the first transaction that the server cannot send and moves checkpoint and slot behind it. */
async function skipCommand(io: CommandIo, options: SkipOptions): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const { slot: name, publication } = config.source;
    const slot = await readSlot(client, name);
    if (!slot)
      throw new WalmqError('SLOT_MISSING', `there is no replication slot "${name}".`, {
        remedy: 'Run "npx walmq setup".',
      });
    const reader = { client, slot: name, publication };
    const { unreadable, isRange } = await findIn(reader, slot);
    if (!unreadable) return sayNothing(io, options);
    const details = isRange ? undefined : await readUnreadable(reader, unreadable);
    if (options.json !== true || !options.yes) tell(io, options, { unreadable, details, isRange, config });
    if (options.dryRun) return;
    const redis = await connectRedis(redisUrlOf(io, config));
    try {
      const keys = shardPrefixes(config.redis).map(async prefix =>
        checkpointKey(prefix, { ...(await readSource(client)), slot: name }),
      );
      const given = { reader, redis, keys: await Promise.all(keys), unreadable, details };
      await requireEnqueued(given);
      await confirm(io, options, unreadable);
      await operatorLog(io, client).run(
        operatorOf(options),
        { action: 'skip', details: { ...JSON.parse(json(unreadable, details, true)) } },
        () => giveUp(given),
        () => 'Given up and noted in walmq.skipped.',
      );
    } finally {
      redis.disconnect();
    }
    if (options.json) io.print(json(unreadable, details, true));
    else io.print('Given up and noted in walmq.skipped; capture goes on behind it.');
  });
}

interface Found {
  readonly unreadable: Unreadable | undefined;
  /** True for all changes that were made while no publication existed, false for a single transaction. */
  readonly isRange: boolean;
}

/**
 * Finds what must be skipped. Rejects with SLOT_BUSY, and with PUBLICATION_MISSING if the publication does not exist
 * now.
 */
async function findIn(reader: SlotReader, slot: Slot): Promise<Found> {
  const { client, publication: name } = reader;
  try {
    const { version } = await readServer(client);
    if (!(await readPublication(client, name, version)))
      throw publicationMissing(`publication "${name}" does not exist`);
    const range = await findUnpublished(reader, slot.confirmedFlushLsn);
    if (range) return { unreadable: range, isRange: true };
    return { unreadable: await findUnreadable(reader, slot.confirmedFlushLsn), isRange: false };
  } catch (cause) {
    if ((cause as { code?: string }).code !== '55006') throw cause;
    throw new WalmqError('SLOT_BUSY', `a capture is reading slot "${slot.name}".`, {
      remedy: 'Stop it, then run this again.',
      cause,
    });
  }
}

function sayNothing(io: CommandIo, { json }: SkipOptions): void {
  if (json)
    io.print(JSON.stringify({ commitLsn: null, xid: null, tables: [], reason: null, skipped: false }));
  else io.print('Nothing to skip: PostgreSQL can send every transaction that the slot has not confirmed.');
}

function json(
  { commitLsn, reason }: Unreadable,
  details: UnreadableDetails | undefined,
  skipped: boolean,
): string {
  return JSON.stringify({
    commitLsn: formatLsn(commitLsn),
    xid: details?.xid ?? null,
    tables: details?.tables ?? null,
    reason,
    skipped,
  });
}

interface Telling {
  readonly unreadable: Unreadable;
  readonly details: UnreadableDetails | undefined;
  readonly isRange: boolean;
  readonly config: WalmqConfig;
}

function tell(io: CommandIo, options: SkipOptions, { unreadable, details, isRange, config }: Telling): void {
  if (options.json) {
    if (options.dryRun) io.print(json(unreadable, details, false));
    return;
  }
  const { commitLsn, behind, reason } = unreadable;
  if (isRange)
    io.print(
      `There was no publication between ${formatLsn(commitLsn)} and ${formatLsn(behind)}: ${reason}.\n` +
        'Given up: every change of every table that was committed in this range of WAL.',
    );
  else io.print(`PostgreSQL cannot send the transaction that commits at ${formatLsn(commitLsn)}: ${reason}.`);
  if (details) {
    const each = details.tables.map(({ table, changes }) => `${changes} of ${table}`).join(', ');
    io.print(`Given up with it: every change of transaction ${details.xid} (${each}).`);
  } else if (!isRange)
    io.print(
      'Given up with it: every change of that transaction. PostgreSQL does not tell of which tables they are.',
    );
  const names = new Set(details?.tables.map(({ table }) => table));
  const queues = Object.values(config.queues).flatMap(({ name, tables }) =>
    tables
      .map(qualifiedName)
      .filter(table => !details || names.has(table))
      .map(
        table =>
          `npx walmq backfill --queue ${shellWord(name)} --table ${shellWord(table)} --where "<condition on its rows>"`,
      ),
  );
  io.print(
    `${isRange ? 'The' : 'Its'} rows as they are now can be enqueued afterwards; what was deleted cannot:`,
  );
  for (const line of queues) io.print(`  ${line}`);
}

interface GivenUp {
  readonly reader: SlotReader;
  readonly redis: Redis;
  /** Redis keys of the checkpoints, one for each shard. */
  readonly keys: readonly string[];
  readonly unreadable: Unreadable;
  readonly details: UnreadableDetails | undefined;
}

/** Rejects with NOT_ENQUEUED_YET if moving the slot would lose more than the one transaction. */
async function requireEnqueued({ reader, redis, keys, unreadable }: GivenUp): Promise<void> {
  const positions = await Promise.all(keys.map(key => readCheckpoint(redis, key)));
  const enqueued = positions.map(at => (at === null ? null : parsePosition(at).lsn)).sort(byLsn)[0] ?? null;
  const left = enqueued === null ? 1 : await countUnenqueued(reader, unreadable, enqueued);
  if (left === 0) return;
  throw new WalmqError(
    'NOT_ENQUEUED_YET',
    enqueued === null
      ? 'there is no checkpoint in Redis, so capture has not reached this transaction.'
      : `${left} transaction(s) before this one are not enqueued yet.`,
    { remedy: 'Let capture run until it reports CHANGE_UNREADABLE, then run the command again.' },
  );
}

/** Compares positions of shards. A shard without a checkpoint comes first. */
function byLsn(a: Lsn | null, b: Lsn | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Asks for a confirmation. Rejects with SKIP_ANOTHER and NOT_CONFIRMED. */
async function confirm(
  io: CommandIo,
  { at, yes, json }: SkipOptions,
  { commitLsn }: Unreadable,
): Promise<void> {
  if (at !== undefined && at !== commitLsn)
    throw new WalmqError(
      'SKIP_ANOTHER',
      `the first transaction that PostgreSQL cannot send commits at ${formatLsn(commitLsn)}, not at ${formatLsn(at)}.`,
      { remedy: 'Show that transaction: npx walmq skip --dry-run' },
    );
  if (yes) return;
  const answer = json ? undefined : await io.ask?.('Give it up? (yes/no) ');
  if (answer?.trim().toLowerCase() === 'yes') return;
  throw new WalmqError('NOT_CONFIRMED', 'this gives up every change of the transaction.', {
    remedy: 'Confirm with --yes.',
  });
}

/**
 * Order: record the skipped transaction, then move the checkpoint, then the slot. A checkpoint ahead of the slot is
 * usual, so the command can be repeated. In the other order capture would conclude that Redis has lost changes.
 */
async function giveUp({ reader, redis, keys, unreadable, details }: GivenUp): Promise<void> {
  const { client, slot } = reader;
  await noteSkipped(client, slot, { unreadable, details });
  const behind = { lsn: unreadable.behind, seq: 0 };
  for (const key of keys) await moveCheckpoint(redis, key, formatPosition(behind));
  await client.query('SELECT pg_replication_slot_advance($1, $2)', [slot, formatLsn(unreadable.behind)]);
}
