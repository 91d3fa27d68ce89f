import { z } from 'zod';

/** Where a secret is, never the secret itself: secrets do not belong in a configuration file. */
export const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  {
    error: 'must be { env: "NAME" } or { file: "path" }; a secret itself has no place here',
  },
);
export type SecretSource = z.output<typeof secretSource>;

const severity = z.enum(['error', 'warning', 'info']);

const code = z.string().regex(/^[A-Z][A-Z_]*$/, 'must be a code of a verdict, such as CAPTURE_DOWN');

const seconds = z.int().min(0).max(86_400);

/** What every target may have. */
const common = {
  /** The least severity that this target gets. Default: that of `alerts`. */
  severity: severity.optional(),
  /** Codes that this target does not get. Default: none. */
  mute: z.array(code).default([]),
  /** Milliseconds for one message. Default 15 000. */
  timeoutMs: z.int().min(1).max(600_000).default(15_000),
  /** PEM of the receiver's own certificate authority. */
  ca: secretSource.optional(),
};

const overHttp = {
  ...common,
  /** The URL, or a place that holds it if its path is a secret. */
  url: z.union([z.string(), secretSource], { error: 'must be a URL, { env: "NAME" } or { file: "path" }' }),
  /** Allows plain http. Default: only https. */
  allowHttp: z.boolean().default(false),
  /** Ranges that may be called besides the public addresses, e.g. ['10.1.0.0/16']. */
  allowAddresses: z.array(z.string()).default([]),
  /** DNS servers to ask instead of the system's, e.g. ['10.0.0.2']. */
  nameServers: z.array(z.string()).default([]),
};

const mailAddress = z.string().regex(/^[^\r\n,;]+@[^\r\n,;\s]+$/, 'must be one mail address');

const target = z.discriminatedUnion(
  'type',
  [
    /** What Slack's incoming webhooks take, and Mattermost and others with them. */
    z.strictObject({ type: z.literal('slack'), ...overHttp }),
    /** Standard Webhooks: JSON, signed. */
    z.strictObject({
      type: z.literal('webhook'),
      ...overHttp,
      /** Where the secrets are. Each signs. */
      secrets: z.array(secretSource).min(1, 'must name at least one place'),
    }),
    z.strictObject({
      type: z.literal('mail'),
      ...common,
      to: z.array(mailAddress).min(1, 'must name at least one address'),
      from: mailAddress,
      /** Where the URL of the mail server is. Default: the environment variable SMTP_URL. */
      smtpUrl: secretSource.prefault({ env: 'SMTP_URL' }),
    }),
  ],
  { error: 'must have the type "slack", "webhook" or "mail"' },
);

const targetName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/i, 'the name of a target has 1 to 63 letters, digits, "-" and "_"');

/** Messages about the verdicts of `walmq status`. */
export const alertsFields = z.strictObject({
  /** Who gets them, by a name of your choice. */
  targets: z
    .record(targetName, target)
    .refine(targets => Object.keys(targets).length > 0, 'must name at least one target'),
  /** The least severity that is told. Default "error". */
  severity: severity.default('error'),
  /** Codes that are not told. Default: none. */
  mute: z.array(code).default([]),
  /** Seconds for which a problem must last before it is told. Default 60. */
  holdSeconds: seconds.default(60),
  /** The same for single codes: { CHANGES_FAILED: 0 }. */
  holdSecondsOf: z.record(code, seconds).default({}),
  /** Seconds for which a problem must be gone before it is over. Default 60. */
  overAfterSeconds: seconds.default(60),
  /** Hours from one message about a problem to the next while it lasts. 0: no reminders. Default 24. */
  remindHours: z.number().min(0).max(8760).default(24),
  /** Seconds from one look at the status to the next. Default 15. */
  everySeconds: z.int().min(1).max(60).default(15),
  /** Name of the pipeline in messages. Default: the slot. */
  pipeline: z.string().min(1).max(100).optional(),
  /** URL of the dashboard, for the links in messages. Default: no links. */
  dashboardUrl: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
});
