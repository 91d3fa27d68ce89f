import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createMailer, createSesMailer, type Mailer } from './mail.js';
import { isSender } from './mail-address.js';
import { ShopError } from './shop-error.js';

const RATE_ERROR = 'must be a whole number from 1 to 9999';

const seconds = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'must be a whole number of seconds from 1 to 9999')
  .transform(Number);

/** The environment variables of an app that sends mails. */
export const MAIL_VARIABLES = {
  WALMQ_MAIL_FROM: z
    .string()
    .refine(isSender, 'must be one mail address, with or without a name: Shop <shop@example.com>')
    .default('shop@example.com'),
  WALMQ_MAILS_PER_SECOND: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, RATE_ERROR)
    .transform(Number)
    .optional(),
  WALMQ_SMTP_CA: z.string().optional(),
  WALMQ_SMTP_GREETING_SECONDS: seconds.optional(),
  WALMQ_SMTP_ANSWER_SECONDS: seconds.optional(),
  WALMQ_MAIL_DEFERRED_SECONDS: seconds.optional(),
};

/** The part of an app's environment that concerns mail. */
export interface MailEnvironment extends z.output<z.ZodObject<typeof MAIL_VARIABLES>> {
  /** Present, because the app requires it. */
  readonly smtpUrl: string | undefined;
}

/** The mailer that an app's environment describes. Throws SMTP_CA_UNREADABLE, SES_NOT_INSTALLED. */
export async function openMailer(environment: MailEnvironment): Promise<Mailer> {
  const { smtpUrl, WALMQ_MAIL_FROM, WALMQ_MAILS_PER_SECOND: mails, WALMQ_SMTP_CA: ca } = environment;
  const { WALMQ_SMTP_GREETING_SECONDS: greeting, WALMQ_SMTP_ANSWER_SECONDS: answer } = environment;
  const { WALMQ_MAIL_DEFERRED_SECONDS: deferred } = environment;
  const times = {
    ...(answer === undefined ? {} : { answerMs: answer * 1000 }),
    ...(deferred === undefined ? {} : { firstDeferralMs: deferred * 1000 }),
  };
  const server = { smtpUrl: smtpUrl as string, from: WALMQ_MAIL_FROM, ...times };
  if (server.smtpUrl.startsWith('ses:')) return await createSesMailer(server);
  return createMailer({
    ...server,
    rate: mails === undefined ? undefined : { mails, perMs: 1000 },
    ca: ca === undefined ? undefined : await readCa(ca),
    ...(greeting === undefined ? {} : { greetingMs: greeting * 1000 }),
  });
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ShopError('SMTP_CA_UNREADABLE', `WALMQ_SMTP_CA names a file that cannot be read: ${path}.`, {
      remedy: 'Name a file with the PEM certificate of the authority that the mail server is signed by.',
      cause,
    });
  }
}
