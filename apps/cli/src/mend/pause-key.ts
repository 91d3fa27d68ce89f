import { WalmqError } from '@walmq/change';
import {
  pausedText,
  pauseKey,
  queueOf,
  readPausedKeys,
  resolveKey,
  resumeKey,
  type TypedKeyOfQueue,
} from '@walmq/operations';
import type { Command } from 'commander';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from '../log/operator.js';
import { columnAndValue } from '../terminal/column-value.js';
import { type CommandIo, configOf, databaseUrlOf, redisUrlOf } from '../terminal/command.js';
import { connectRedis, withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { printable } from '../terminal/printable.js';

interface PauseOptions extends OperatorOptions {
  readonly table?: string;
  readonly event?: boolean;
  readonly json?: boolean;
}

interface ResumeOptions extends PauseOptions {
  readonly all?: boolean;
}

export function addPauseKey(program: Command, { io }: Host): void {
  addOperatorOptions(addKeyOptions(program.command('pause-key')))
    .description('pause one key of a queue: its changes wait, all others run')
    .argument('<queue>', 'the queue')
    .argument(
      '<key...>',
      'the values of the key: id=42, or 42; the value of the column that orders the queue',
    )
    .option('--json', 'print { queue, key, wasPaused, head }')
    .addHelpText(
      'after',
      examples(
        ['walmq pause-key orders id=42 --because "wrong price"', 'the changes of this order wait'],
        ['walmq pause-key emails --event customer-7', 'the events of this key wait'],
      ),
    )
    .action((queue: string, key: string[], options: PauseOptions) =>
      pauseCommand(io, { queue, key, ...options }),
    );
}

export function addResumeKey(program: Command, { io }: Host): void {
  addOperatorOptions(addKeyOptions(program.command('resume-key')))
    .description('resume a paused key: its changes run in their order; without a key list the paused ones')
    .argument('<queue>', 'the queue')
    .argument('[key...]', 'the values of the key, as for pause-key')
    .option('--all', 'resume every paused key of the queue')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['walmq resume-key orders', 'which keys are paused, by whom and since when?'],
        ['walmq resume-key orders id=42', 'the changes of this order run'],
      ),
    )
    .action((queue: string, key: string[], options: ResumeOptions) =>
      resumeCommand(io, { queue, key, ...options }),
    );
}

function addKeyOptions(command: Command): Command {
  return command
    .option('--table <table>', 'the table of the row; required if the queue takes several')
    .option('--event', 'the key is of events, not of a row');
}

interface Given {
  readonly queue: string;
  readonly key: readonly string[];
}

async function pauseCommand(io: CommandIo, given: PauseOptions & Given): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const { queue, orderingKeys, label, table } = await resolveKey(client, config, keyOf(given));
    const redis = await connectRedis(redisUrlOf(io, config));
    const operator = operatorOf(given);
    const log = operatorLog(io, client);
    try {
      for (const orderingKey of orderingKeys) {
        const held = await pauseKey({ redis, queue, orderingKey, label, table, operator, log });
        const { wasHeld: wasPaused, head = null } = held;
        if (given.json) io.print(JSON.stringify({ queue: queue.name, key: label, wasPaused, head }));
        else io.print(printable(`${queue.name}, ${label}: ${pausedText(held)}`));
      }
    } finally {
      redis.disconnect();
    }
  });
}

async function resumeCommand(io: CommandIo, given: ResumeOptions & Given): Promise<void> {
  const config = await configOf(io);
  const redis = await connectRedis(redisUrlOf(io, config));
  try {
    const queue = queueOf(config, given.queue);
    const paused = await readPausedKeys(redis, queue);
    if (given.key.length === 0 && !given.all) {
      if (given.json) io.print(JSON.stringify(paused, null, 2));
      else if (paused.length === 0) io.print(`No key of queue ${queue.name} is paused.`);
      else
        for (const { key, orderingKey, by, at, reason } of paused)
          io.print(
            printable(
              `${key ?? orderingKey}  since ${at}  by ${by}${reason === undefined ? '' : `: ${reason}`}`,
            ),
          );
      return;
    }
    await withDatabase(databaseUrlOf(io, config), async client => {
      const keys = given.all
        ? paused.map(({ orderingKey, key }) => ({ orderingKey, label: key ?? orderingKey, table: undefined }))
        : await resolveKey(client, config, keyOf(given)).then(({ orderingKeys, label, table }) =>
            orderingKeys.map(orderingKey => ({ orderingKey, label, table })),
          );
      const operator = operatorOf(given);
      const log = operatorLog(io, client);
      const resumed: string[] = [];
      for (const each of keys)
        if (await resumeKey({ redis, queue, ...each, operator, log })) resumed.push(each.label);
      if (given.json) io.print(JSON.stringify({ queue: queue.name, resumed }));
      else if (resumed.length > 0)
        for (const label of resumed) io.print(printable(`${queue.name}, ${label}: resumed.`));
      if (resumed.length > 0 || given.all) return;
      throw new WalmqError('KEY_NOT_PAUSED', `this key of queue ${queue.name} is not paused.`, {
        remedy: `List the paused ones: npx walmq resume-key ${queue.name}`,
      });
    });
  } finally {
    redis.disconnect();
  }
}

/** Splits `id=42`; a key of events may contain anything. */
function keyOf({ queue, key, table, event }: PauseOptions & Given): TypedKeyOfQueue {
  const pairs = event ? [] : key.map(columnAndValue).filter(pair => pair !== undefined);
  const bare = event ? key : key.filter(text => !columnAndValue(text));
  return { queue, table, event, named: new Map(pairs), bare };
}
