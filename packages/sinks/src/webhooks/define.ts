import type { Change } from '@walmq/change';
import { z } from 'zod';
import { isRange } from './address.js';
import { isNameServer } from './resolve-name.js';
import { secretSource } from './secret.js';

const payload = z.custom<(change: Change, name: string) => unknown>(
  value => typeof value === 'function',
  'must be a function',
);

const endpointSchema = z.strictObject({
  /** Where to send; a place instead of the URL itself where its path is a secret. */
  url: z.union([z.string(), secretSource], { error: 'must be a URL, { env: "NAME" } or { file: "path" }' }),
  /** Where the secrets are; each place may hold several, separated by space, and all of them sign. */
  secrets: z.array(secretSource).min(1, 'must name at least one place'),
  /** Milliseconds for one request. Default 15 000. */
  timeoutMs: z.int().min(1).max(600_000).default(15_000),
  /** Plain http may be spoken. Default: only https. */
  allowHttp: z.boolean().default(false),
  /** Ranges beside the public addresses that may be called, e.g. ['10.1.0.0/16']. */
  allowAddresses: z.array(z.string().refine(isRange, 'must be a range such as 10.1.0.0/16')).default([]),
  /** DNS servers to ask instead of the system's, e.g. ['10.0.0.2', '[fd00::2]:5353']. */
  nameServers: z.array(z.string().refine(isNameServer, 'must be an address such as 10.0.0.2')).default([]),
  /** A certificate authority of the receiver's own, as PEM. */
  ca: secretSource.optional(),
  /** Makes the body of a change; undefined: the change is not sent. Default: { type, timestamp, data }. */
  payload: payload.optional(),
});

/** What a walmq.webhooks.ts may say; URLs and secrets are checked once they are read. */
export const webhooksSchema = z.strictObject({
  /** By the name of the queue whose changes the endpoint gets. */
  endpoints: z
    .record(z.string(), endpointSchema)
    .refine(endpoints => Object.keys(endpoints).length > 0, 'must name at least one endpoint'),
});

/** What a walmq.webhooks.ts writes. */
export type WebhooksConfig = z.input<typeof webhooksSchema>;
export type EndpointConfig = z.output<typeof endpointSchema>;

/** Types a walmq.webhooks.ts; checked when it is loaded. */
export function defineWebhooks(config: WebhooksConfig): WebhooksConfig {
  return config;
}
