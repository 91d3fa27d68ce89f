import type { Change } from '@walmq/change';
import { secretSource } from '@walmq/config';
import { z } from 'zod';
import { isRange } from '../resolve/address.js';
import { isNameServer } from '../resolve/resolve-name.js';

const payload = z.custom<(change: Change, name: string) => unknown>(
  value => typeof value === 'function',
  'must be a function',
);

const batch = z.strictObject({
  /** Maximum number of changes in one request. */
  size: z.int().min(1).max(1000),
  /** Maximum milliseconds that the first change waits for others. */
  waitMs: z.number().min(0).max(1000),
  /** Maximum bytes of a body. Default 1 000 000: many servers accept 1 MiB. */
  maxBytes: z.int().min(1000).max(100_000_000).default(1_000_000),
});

const endpointSchema = z.strictObject({
  /** The URL, or a place that holds it if its path is a secret. */
  url: z.union([z.string(), secretSource], { error: 'must be a URL, { env: "NAME" } or { file: "path" }' }),
  /** Where the secrets are. Each place may hold several, separated by spaces; each of them signs. */
  secrets: z.array(secretSource).min(1, 'must name at least one place'),
  /** Milliseconds for one request. Default 15 000. */
  timeoutMs: z.int().min(1).max(600_000).default(15_000),
  /** Allows plain http. Default: only https. */
  allowHttp: z.boolean().default(false),
  /** Ranges that may be called besides the public addresses, e.g. ['10.1.0.0/16']. */
  allowAddresses: z.array(z.string().refine(isRange, 'must be a range such as 10.1.0.0/16')).default([]),
  /** DNS servers to ask instead of the system's, e.g. ['10.0.0.2', '[fd00::2]:5353']. */
  nameServers: z.array(z.string().refine(isNameServer, 'must be an address such as 10.0.0.2')).default([]),
  /** PEM of the receiver's own certificate authority. */
  ca: secretSource.optional(),
  /** Makes the body for a change; undefined: the change is not sent. Default: { type, timestamp, data }. */
  payload: payload.optional(),
  /** Several changes in one request: { size: 100, waitMs: 50 }. Default: one request for each change. */
  batch: batch.optional(),
});

/** The content of a walmq.webhooks.ts. URLs and secrets are validated when they are read. */
export const webhooksSchema = z.strictObject({
  /** Endpoints by the name of the queue whose changes they get. */
  endpoints: z
    .record(z.string(), endpointSchema)
    .refine(endpoints => Object.keys(endpoints).length > 0, 'must name at least one endpoint'),
});

/** The input form of a walmq.webhooks.ts. */
export type WebhooksConfig = z.input<typeof webhooksSchema>;
export type EndpointConfig = z.output<typeof endpointSchema>;

/** Types a walmq.webhooks.ts; loading validates it. */
export function defineWebhooks(config: WebhooksConfig): WebhooksConfig {
  return config;
}
