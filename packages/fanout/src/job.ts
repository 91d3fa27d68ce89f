/** A BullMQ job on its way: one change for one queue. */
export interface Job {
  /** Number of the queue in the router's list. */
  readonly queue: number;
  readonly id: string;
  /** The change's operation; an event's type. */
  readonly name: string;
  /** The change as JSON text. */
  readonly data: string;
  /** Within which values this job runs in order: none, one, or two when the change moves its row between them. */
  readonly orderingKeys: readonly string[];
  /** Keys under which an older version has left jobs of the same values: what is unfinished there comes first. */
  readonly formerKeys?: readonly FormerKey[];
  /** Options of its own, in BullMQ's terms, as JSON text; they go before the queue's. */
  readonly options?: string;
}

/** An ordering key, and how an older version named it. */
export interface FormerKey {
  readonly key: string;
  readonly former: string;
}
