import type { Change } from '@walmq/change';

/** How many changes one request may have. */
export interface WebhookBatch {
  /** Maximum number of changes: 1 to 1000. */
  readonly size: number;
  /** Maximum milliseconds that the first change waits for others: 0 to 1000. */
  readonly waitMs: number;
  /** Maximum bytes of a body. A change that is larger by itself has a request by itself. */
  readonly maxBytes: number;
}

/** One receiver: the worker of one queue. */
export interface WebhookEndpoint {
  /** The queue whose changes it gets. The log names the endpoint by it. */
  readonly queue: string;
  /** May contain a token in its path: never logged. */
  readonly url: URL;
  /** Keys to sign with; several while a secret is being replaced. */
  readonly keys: readonly Buffer[];
  /** Milliseconds from the first byte sent to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Ranges that may be called besides the public addresses, e.g. `10.1.0.0/16`. */
  readonly allowAddresses: readonly string[];
  /** DNS servers to ask, e.g. `10.0.0.2` or `[fd00::2]:5353`; empty: the system's. */
  readonly nameServers?: readonly string[];
  /** PEM of its own certificate authority; undefined: the public ones. */
  readonly ca: string | undefined;
  /** The body, before JSON; undefined: this change is not sent. */
  readonly payload: (change: Change, name: string) => unknown;
  /** Several changes in one request; undefined: one request for each change. */
  readonly batch?: WebhookBatch | undefined;
}
