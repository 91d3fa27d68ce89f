import type { Change } from '@walmq/change';

/** One receiver: the worker of one queue. */
export interface WebhookEndpoint {
  /** The queue whose changes it gets; in the log, its name. */
  readonly queue: string;
  /** May hold a token in its path: never logged. */
  readonly url: URL;
  /** Keys to sign with; several while a secret is changed. */
  readonly keys: readonly Buffer[];
  /** Milliseconds from the first byte sent to the answer's last. */
  readonly timeoutMs: number;
  /** Ranges beside the public addresses that may be called, e.g. `10.1.0.0/16`. */
  readonly allowAddresses: readonly string[];
  /** Addresses of DNS servers to ask, e.g. `10.0.0.2` or `[fd00::2]:5353`; none: the system's. */
  readonly nameServers?: readonly string[];
  /** PEM of a certificate authority of its own; undefined: the well-known ones. */
  readonly ca: string | undefined;
  /** The body, as JSON will have it; undefined: this change is not sent. */
  readonly payload: (change: Change, name: string) => unknown;
}
