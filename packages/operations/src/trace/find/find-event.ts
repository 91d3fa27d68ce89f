import { type Change, decimalText, type Json } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { QueueView } from '@walmq/fanout';
import type { TraceNote } from '../trace.js';
import { type Found, readerOf, type Scope } from './found.js';
import { followLine, type Line, MOST_COMPLETED, searchAmong, searchCompleted } from './search-queue.js';

/** Finds the events of a key: of logical messages, and of outbox rows by the aggregate's id. */
export async function findEvent(scope: Scope, key: string): Promise<Found> {
  const { config } = scope;
  const queues = Object.values(config.queues).filter(({ messages, outbox }) => messages || outbox.length > 0);
  const texts = [...new Set([key, decimalText(key)])];
  const jobIds = new Set<string>();
  const lines = new Map<string, Line>();
  const notes: TraceNote[] = [];
  const accepts = (change: Change) => texts.includes(textOf(eventKey(change, config.outbox)));
  for (const queue of queues) {
    const reader = readerOf(scope, queue);
    const done = await searchCompleted({ reader, matches: accepts });
    const view = new QueueView({ ...queue, shape: undefined });
    const line = await followLine(
      reader,
      texts.flatMap(text => view.eventKeys(text)),
    );
    lines.set(queue.name, line);
    const waiting = await searchAmong({ reader, matches: accepts }, line.ids);
    for (const id of [...done.changes.keys(), ...waiting.changes.keys()]) jobIds.add(id);
    if (!done.isWhole)
      notes.push(
        bound(
          'completed-bound',
          queue,
          `the newest ${MOST_COMPLETED} completed events were searched, not all that it keeps.`,
        ),
      );
    if (!waiting.isWhole || !line.isWhole)
      notes.push(bound('chain-bound', queue, 'more events wait for each other than were read.'));
  }
  notes.push(...(await deadLetterNote(scope)));
  return { title: `event ${key}`, queues, jobIds, logs: [], lines, accepts, notes };
}

/** An event that no queue takes is kept as its bytes, so it cannot be found by its key. */
async function deadLetterNote({ redis, config }: Scope): Promise<TraceNote[]> {
  const queue = config.deadLetter === undefined ? undefined : config.queues[config.deadLetter];
  const count = queue ? await redis.zcard(`${queue.prefix}:${queue.name}:failed`) : 0;
  if (!queue || count === 0) return [];
  return [
    {
      code: 'dead-letter',
      queue: queue.name,
      text: `Queue ${queue.name} holds ${count === 1 ? 'one event' : `${count} events`} that could not be read or that no queue takes, and is not searched by key: npx walmq failed --queue ${queue.name} --list`,
    },
  ];
}

function eventKey(change: Change, outbox: Scope['config']['outbox']): Json | undefined {
  if (change.op === 'message') return change.key?.key;
  const isOutbox = outbox?.table === change.table && outbox.schema === change.schema;
  return isOutbox ? change.after?.[outbox.columns.aggregateId] : undefined;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function bound(code: TraceNote['code'], { name }: QueueConfig, text: string): TraceNote {
  return { code, queue: name, text: `Of queue ${name} ${text}` };
}
