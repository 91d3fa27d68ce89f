import type { EncodedChange, EncodedEvent } from '@walmq/change';
import type { Job } from '../job.js';
import { EventRoutes, type EventRoutesOptions } from './route-events.js';
import { RowRoutes, type RowRoutesOptions } from './route-rows.js';
import { ChangeWriter, type OnParked } from './write-change.js';

export interface RouterOptions extends RowRoutesOptions, EventRoutesOptions {
  /** Part of every job id, different for each database that feeds one Redis. */
  readonly idSuffix: string;
  readonly onParked: OnParked;
}

/** The fan-out: turns a change into jobs, one for every queue that takes it. */
export class Router {
  readonly #rows: RowRoutes;
  readonly #events: EventRoutes;

  /** Throws MASK_KEY_MISSING. */
  constructor(options: RouterOptions) {
    const writer = new ChangeWriter(options.onParked);
    this.#rows = new RowRoutes(options, writer);
    this.#events = new EventRoutes(options, writer);
  }

  route(change: EncodedChange): Job[] {
    const jobs = this.#rows.route(change);
    const events = this.#events.routeOutbox(change);
    return events.length > 0 ? [...jobs, ...events] : jobs;
  }

  /** The job of an event that was sent as a logical message. */
  routeEvent(event: EncodedEvent): Job[] {
    return this.#events.routeMessage(event);
  }

  /** The job of a row that was read for one queue, whatever operations the queue takes. */
  routeRead(change: EncodedChange, queue: number): Job[] {
    return this.#rows.routeRead(change, queue);
  }

  /**
   * The job of a change that is sent again to one queue. Returns an error if the change lacks the column that orders the
   * queue.
   */
  routeRewound(change: EncodedChange, queueName: string): Job[] | Error {
    return this.#rows.routeRewound(change, queueName);
  }
}
