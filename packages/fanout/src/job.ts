/** A BullMQ job before it is enqueued: one change for one queue. */
export interface Job {
  /** Number of the queue in the router's list. */
  readonly queue: number;
  readonly id: string;
  /** The change's operation; an event's type. */
  readonly name: string;
  /** The change as JSON text. */
  readonly data: string;
  /** Values within which jobs run in order: none, one, or two if the change moves its row between them. */
  readonly orderingKeys: readonly string[];
  /** Keys under which an older version left jobs of the same values. Unfinished jobs there run first. */
  readonly formerKeys?: readonly FormerKey[];
  /** Options of this job in BullMQ's terms, as JSON text. They override the queue's. */
  readonly options?: string;
}

/** An ordering key, and its name in an older version. */
export interface FormerKey {
  readonly key: string;
  readonly former: string;
}
