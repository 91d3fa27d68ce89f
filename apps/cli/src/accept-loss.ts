import { formatLsn, formatPosition, parsePosition, WalmqError } from '@walmq/change';
import { shardPrefixes } from '@walmq/config';
import {
  checkpointHeld,
  checkpointKey,
  claimKey,
  moveCheckpoint,
  readCheckpoint,
  readClaim,
  sourceTag,
} from '@walmq/fanout';
import { acceptTables, heartbeatPrefix, readTableMemory, tableMemoryKey } from '@walmq/operations';
import { readServerStart, readSlot, readSource, slotVerdict } from '@walmq/replication';
import type { Command } from 'commander';
import {
  addOperatorOptions,
  type OperatorOptions,
  operatorLog,
  operatorOf,
  withOperatorLog,
} from './log/operator.js';
import { type CommandIo, configOf, databaseUrlOf, redisUrlOf } from './terminal/command.js';
import { connectRedis, withDatabase } from './terminal/connect.js';
import { examples, type Host } from './terminal/help.js';

interface AcceptOptions extends OperatorOptions {
  readonly tables?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addAcceptLoss(program: Command, { io }: Host): void {
  addOperatorOptions(program.command('accept-loss'))
    .description(
      'continue from the slot after Redis or the slot lost changes; without --yes only show both positions',
    )
    .option(
      '--tables',
      'only clear the findings about tables and publication, after a backfill or an intended change',
    )
    .option('--yes', 'move the checkpoint')
    .option('--json', 'print { checkpoints, acknowledged, moved }')
    .addHelpText(
      'after',
      examples(
        ['walmq accept-loss', 'show the positions of checkpoint and slot'],
        ['walmq accept-loss --yes', 'continue from the slot; changes between the positions are lost'],
        ['walmq accept-loss --tables', 'show the changes that were not published for some time'],
      ),
    )
    .action((options: AcceptOptions) =>
      options.tables ? acceptTablesCommand(io, options) : acceptLossCommand(io, options),
    );
}

/**
 * `walmq accept-loss --yes`: after Redis or the slot lost changes, moves the checkpoint to the position of the slot, so
 * that capture continues without these changes.
 */
async function acceptLossCommand(io: CommandIo, options: AcceptOptions): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const source = await readSource(client);
    const { slot: name } = config.source;
    const verdict = slotVerdict(await readSlot(client, name), { name, ...source });
    if (verdict.verdict !== 'ours') throw verdict.error;
    const { slot } = verdict;
    if (slot.active)
      throw new WalmqError('SLOT_BUSY', `a capture is reading slot "${slot.name}".`, {
        remedy: 'Stop it first.',
      });
    const keys = shardPrefixes(config.redis).map(prefix =>
      checkpointKey(prefix, { ...source, slot: slot.name }),
    );
    const redis = await connectRedis(redisUrlOf(io, config));
    try {
      const checkpoints = await Promise.all(keys.map(key => readCheckpoint(redis, key)));
      const found = checkpoints.map(at => (at === null ? null : formatLsn(parsePosition(at).lsn)));
      const acknowledged = formatLsn(slot.confirmedFlushLsn);
      if (options.json)
        io.print(JSON.stringify({ checkpoints: found, acknowledged, moved: options.yes === true }));
      else {
        for (const checkpoint of found) io.print(`checkpoint in Redis: ${checkpoint ?? 'none'}`);
        io.print(`slot acknowledged:   ${acknowledged}`);
      }
      if (!options.yes)
        throw new WalmqError('NOT_CONFIRMED', 'this gives up the changes between the two positions.', {
          remedy: 'Confirm with --yes.',
        });
      const claim = await readClaim(
        redis,
        claimKey(heartbeatPrefix(config.redis), { ...source, slot: name }),
      );
      if (claim && claim.server !== (await readServerStart(client))) throw checkpointHeld(claim);
      await operatorLog(io, client).run(
        operatorOf(options),
        { action: 'accept-loss', details: { checkpoints: found, acknowledged } },
        async () => {
          for (const key of keys)
            await moveCheckpoint(redis, key, formatPosition({ lsn: slot.confirmedFlushLsn, seq: 0 }));
        },
        () => `The checkpoint stands at ${acknowledged}.`,
      );
      if (!options.json) io.print('The checkpoint stands where the slot does; capture can be started.');
    } finally {
      redis.disconnect();
    }
  });
}

/**
 * `walmq accept-loss --tables`: deletes capture's records of changes that were not published. Capture may run
 * meanwhile.
 */
async function acceptTablesCommand(io: CommandIo, options: AcceptOptions): Promise<void> {
  const { yes, json } = options;
  const config = await configOf(io);
  const prefix = heartbeatPrefix(config.redis);
  const source = await withDatabase(databaseUrlOf(io, config), client => readSource(client));
  const key = tableMemoryKey(prefix, sourceTag({ ...source, slot: config.source.slot }));
  const redis = await connectRedis(redisUrlOf(io, config));
  try {
    const { losses } = await readTableMemory(redis, key);
    if (json) io.print(JSON.stringify({ tables: losses, accepted: yes === true }));
    else for (const { code, sentence } of losses) io.print(`${code}: ${sentence}`);
    if (!yes)
      throw new WalmqError('NOT_CONFIRMED', 'this removes what capture has recorded about tables.', {
        remedy: 'Confirm with --yes, once the rows are backfilled or not needed.',
      });
    await withOperatorLog(io, config, log =>
      log.run(
        operatorOf(options),
        { action: 'accept-tables', details: { tables: losses } },
        () => acceptTables(redis, key),
        () => `${losses.length} findings accepted.`,
      ),
    );
    if (!json)
      io.print('Forgotten; a row filter or a column list that is in the publication now counts as meant.');
  } finally {
    redis.disconnect();
  }
}
