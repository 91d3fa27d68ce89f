import { type ChangeName, type EncodedChange, type EncodedEvent, EVENT_LIMITS } from '@walmq/change';
import type { OutboxConfig, QueueConfig } from '@walmq/config';
import type { Job } from '../job.js';
import type { FormerKeys } from './former-keys.js';
import type { Order } from './order-change.js';
import { type EventQueue, readEvent } from './read-event.js';
import { NO_QUEUE } from './refusal.js';
import { OutboxRoutes } from './route-outbox.js';
import type { ChangeWriter } from './write-change.js';

export interface EventRoutesOptions {
  /** All queues. The number of a queue is its index. */
  readonly queues: readonly QueueConfig[];
  readonly outbox?: OutboxConfig | undefined;
  /** Name of the dead-letter queue, for events that cannot be read or that no queue takes; without it they are dropped. */
  readonly deadLetter?: string | undefined;
  readonly idSuffix: string;
  /** Ordering keys of jobs that an older version left, by the queue's number. */
  readonly formerKeys?: ReadonlyMap<number, FormerKeys> | undefined;
  /** Called for an event that cannot be read or that no queue takes. The reason never quotes the content. */
  readonly onMalformed: (change: ChangeName, reason: string) => void;
}

/**
 * Prefix of an event's ordering key in a queue that takes rows too. No ordering key of a row has this prefix: every role
 * may send events, and an event that is delayed for a year, or fails for good, must not park a row behind it.
 */
export const EVENT_KEY = 'event:';

/** Routes events, sent as logical messages or inserted into the outbox, to their queues or to the dead-letter queue. */
export class EventRoutes {
  readonly #options: EventRoutesOptions;
  readonly #writer: ChangeWriter;
  /** The queues that take logical messages, by their names. */
  readonly #messages: ReadonlyMap<string, { readonly queue: number } & EventQueue>;
  readonly #deadLetters: number | undefined;
  readonly #outbox: OutboxRoutes | undefined;

  constructor(options: EventRoutesOptions, writer: ChangeWriter) {
    const { queues, outbox, deadLetter } = options;
    this.#options = options;
    this.#writer = writer;
    this.#messages = new Map(
      [...queues.entries()]
        .filter(([, { messages }]) => messages)
        .map(([queue, { name, tables }]) => [name, { queue, takesRows: tables.length > 0 }]),
    );
    const deadLetters = queues.findIndex(({ name }) => name === deadLetter);
    this.#deadLetters = deadLetters < 0 ? undefined : deadLetters;
    this.#outbox = outbox && new OutboxRoutes(outbox, queues);
  }

  routeMessage(event: EncodedEvent): Job[] {
    const taker = this.#messages.get(event.queue);
    const read = taker === undefined ? new Error(NO_QUEUE) : readEvent(event.content, taker);
    if (taker === undefined || read instanceof Error)
      return this.#refuse(event, refusedData(event), (read as Error).message);
    const { type, key, json, options } = read;
    const keyJson = JSON.stringify(key) as string | undefined;
    // A numeric key becomes a string, as in the ordering text of a row.
    const orderingKeys =
      key === undefined ? [] : [(taker.takesRows ? EVENT_KEY : '') + JSON.stringify(String(key))];
    return [
      {
        queue: taker.queue,
        id: this.#jobId(event),
        name: type,
        data: event.jsonWith({
          key: keyJson === undefined ? 'null' : `{"key":${keyJson}}`,
          after: json,
        }),
        ...this.#order(taker.queue, orderingKeys, keyJson === undefined ? [] : [keyJson]),
        ...(options === undefined ? {} : { options }),
      },
    ];
  }

  /** A job for each queue that takes the aggregate type of an outbox row; none for a change of another table. */
  routeOutbox(change: EncodedChange): Job[] {
    if (!this.#outbox?.takes(change)) return [];
    const data = this.#writer.write(change, undefined) as string;
    if (change.doubt !== undefined) return this.#refuse(change, data, change.doubt);
    const event = this.#outbox.route(change);
    if (event instanceof Error) return this.#refuse(change, data, event.message);
    const id = this.#jobId(change);
    const { queues, type, orderingKeys, named } = event;
    return queues.map(queue => ({
      queue,
      id,
      name: type,
      data,
      ...this.#order(queue, orderingKeys, named),
    }));
  }

  /** `named`: the same keys in the form of an older version. */
  #order(queue: number, orderingKeys: readonly string[], named: readonly string[]): Order {
    const former = this.#options.formerKeys?.get(queue);
    return former
      ? { orderingKeys, formerKeys: former.of(orderingKeys, named, key => key) }
      : { orderingKeys };
  }

  /**
   * Nothing that an application writes may stop the stream. The dead-letter queue, if there is one, keeps the event for a
   * person to look at.
   */
  #refuse(change: ChangeName, json: string, reason: string): Job[] {
    this.#options.onMalformed(change, reason);
    if (this.#deadLetters === undefined) return [];
    const data = `${json.slice(0, -1)},"reason":${JSON.stringify(reason)}}`;
    return [{ queue: this.#deadLetters, id: this.#jobId(change), name: 'malformed', data, orderingKeys: [] }];
  }

  #jobId({ id }: ChangeName): string {
    return `${id}-${this.#options.idSuffix}`;
  }
}

/** Data of an event that cannot be read, cut to the size that an event may have. */
function refusedData(event: EncodedEvent): string {
  const after = JSON.stringify({
    queue: event.queue.slice(0, EVENT_LIMITS.queueCharacters),
    bytes: event.content.length,
    content: event.content.subarray(0, EVENT_LIMITS.bytes).toString('base64'),
  });
  return event.jsonWith({ key: 'null', after });
}
