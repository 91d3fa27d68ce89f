import type { Json } from '@walmq/change';

/** An event for one queue. */
export interface Event {
  /** What happened, such as "order.paid": the job's name, of 1 to 200 characters. */
  readonly type: string;
  /** Events of one key are processed strictly in order. Default: in no order. At most 500 characters. */
  readonly key?: string | number;
  readonly payload?: Json;
  readonly headers?: Readonly<Record<string, Json>>;
  /** Of this job alone; the queue's configuration says the rest. */
  readonly options?: {
    /** How long it waits once its turn has come; it holds back later events of its key. */
    readonly delayMs?: number;
    /** 1 comes first, 2 097 152 last; before them all come jobs without one. */
    readonly priority?: number;
    readonly attempts?: number;
    /** Until the job has finished, or for `ttlMs`, others of the queue with the same id are left out. */
    readonly deduplication?: { readonly id: string; readonly ttlMs?: number };
  };
}
