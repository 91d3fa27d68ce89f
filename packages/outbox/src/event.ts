/**
 * What JSON can hold: a text, a finite number, a boolean, null, an array, an object, or an object with a `toJSON` of its own
 * (a Date). Not narrower in its type, since an interface does not fit an index signature; EVENT_INVALID names what does not fit.
 */
export type Payload = string | number | boolean | null | object;

/** An event for one queue. */
export interface Event {
  /** What happened, such as "order.paid": the job's name, of 1 to 200 characters. */
  readonly type: string;
  /** Events with the same key are processed strictly in order. Default: no order. At most 500 characters. */
  readonly key?: string | number;
  /** Content of the event. The whole event is at most 1 MiB of JSON. */
  readonly payload?: Payload;
  /** Content beside the payload, for example a traceparent. */
  readonly headers?: Readonly<Record<string, Payload | undefined>>;
  /** Options of this job alone; the queue's configuration has the others. */
  readonly options?: {
    /** Milliseconds to wait when its turn has come; later events of its key wait too. */
    readonly delayMs?: number;
    /** 1 is first, 2 097 152 is last; jobs without a priority come before all of them. */
    readonly priority?: number;
    /** Attempts in all, instead of the queue's. */
    readonly attempts?: number;
    /** Until the job has finished, or for `ttlMs`, other jobs of the queue with the same id are skipped. */
    readonly deduplication?: { readonly id: string; readonly ttlMs?: number };
  };
}
