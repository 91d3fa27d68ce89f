import { PassThrough } from 'node:stream';
import { createTransport, type Transporter } from 'nodemailer';
import { type MailContent, oneLine } from './mail-content.js';
import { mailFailure } from './mail-failure.js';
import { renderMail } from './render-mail.js';
import { loadSes, openClient } from './ses/client.js';
import { sesFailure } from './ses/failure.js';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly content: MailContent;
  /** The same at every attempt, so that a receiver can recognise a repetition. */
  readonly messageId: string;
}

export interface Mailer {
  /**
   * Resolves when the server has accepted the mail. Throws a ShopError; after `signal`, EABORT. Once the
   * server has the whole mail, `signal` has no effect: only the server's answer tells what happened.
   */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface MailerOptions {
  /**
   * `smtps://` is TLS from the start. `smtp://` switches to TLS if the server offers STARTTLS, and must
   * switch before it sends a password to another machine. Nodemailer's own options may follow as a query.
   */
  readonly smtpUrl: string;
  /** An address, with or without a name in front. */
  readonly from: string;
  /** At most `mails` in `perMs` milliseconds, for this mailer. Default: no limit. */
  readonly rate?: { readonly mails: number; readonly perMs: number } | undefined;
  /** PEM of a certificate authority that replaces the public ones. */
  readonly ca?: string | undefined;
  /** Default in milliseconds of the next two. */
  readonly timeoutMs?: number;
  /** Milliseconds that the server may take for its greeting. Default: 5 minutes (RFC 5321, 4.5.3.2.1). */
  readonly greetingMs?: number;
  /**
   * Milliseconds that the server may take for each other answer, or for a block of the mail. Default: 10
   * minutes, the longest time that RFC 5321, 4.5.3.2 requires (after the mail's end).
   */
  readonly answerMs?: number;
  /**
   * Milliseconds until the first retry of a mail that the server deferred, doubled up to four hours (RFC
   * 5321, 4.5.4.1). Default: a minute.
   */
  readonly firstDeferralMs?: number;
}

const MINUTE_MS = 60_000;
/** Time to resolve and connect, before the greeting. */
const CONNECT_MS = MINUTE_MS;
const LONGEST_DEFERRAL_MS = 240 * MINUTE_MS;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Sends mails by SMTP, over a few connections that are kept open. */
export function createMailer(options: MailerOptions): Mailer {
  const { smtpUrl, from, rate, ca, firstDeferralMs } = options;
  const { greetingMs = 5 * MINUTE_MS, answerMs = 10 * MINUTE_MS } = {
    ...bothOf(options.timeoutMs),
    ...options,
  };
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    connectionTimeout: Math.min(CONNECT_MS, greetingMs) + greetingMs,
    greetingTimeout: greetingMs,
    socketTimeout: answerMs,
    requireTLS: sendsPasswordAway(smtpUrl),
    // A mail's content never names a file or an address to fetch. If it ever did, nodemailer must not follow
    // it.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(rate ? { rateLimit: rate.mails, rateDelta: rate.perMs } : {}),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  return mailerOver(transport, { from, firstDeferralMs, failureOf: mailFailure });
}

/** Sends mails by Amazon SES's API: nodemailer builds each mail in memory. Rejects with SES_NOT_INSTALLED. */
export async function createSesMailer(
  options: Pick<MailerOptions, 'smtpUrl' | 'from' | 'answerMs' | 'firstDeferralMs'>,
  load = loadSes,
): Promise<Mailer> {
  const { smtpUrl, from, answerMs = 10 * MINUTE_MS, firstDeferralMs } = options;
  const ses = await load();
  const sesClient = openClient(ses, smtpUrl, answerMs);
  const transport = createTransport({
    SES: { sesClient, SendEmailCommand: ses.SendEmailCommand },
    disableFileAccess: true,
    disableUrlAccess: true,
  } as never) as Transporter;
  const mailer = mailerOver(transport, { from, firstDeferralMs, failureOf: sesFailure });
  return { send: mailer.send, close: () => sesClient.destroy() };
}

function mailerOver(
  transport: Pick<Transporter, 'use' | 'sendMail' | 'close'>,
  options: {
    readonly from: string;
    readonly firstDeferralMs: number | undefined;
    readonly failureOf: typeof mailFailure;
  },
): Mailer {
  const { from, firstDeferralMs = MINUTE_MS, failureOf } = options;
  const deferral = { firstMs: firstDeferralMs, maxMs: Math.max(firstDeferralMs, LONGEST_DEFERRAL_MS) };
  transport.use('stream', (mail, done) => {
    const { onWritten } = mail.data as { onWritten?: () => void };
    mail.message.transform(
      () =>
        new PassThrough({
          flush(end) {
            onWritten?.();
            end();
          },
        }),
    );
    done();
  });
  return {
    async send({ to, subject, content, messageId }, signal) {
      let isWritten = false;
      // Before its last byte is sent, an aborted mail has not been sent.
      const abandoned = new AbortController();
      const abandon = () => {
        if (!isWritten) abandoned.abort(signal.reason);
      };
      if (signal.aborted) abandon();
      signal.addEventListener('abort', abandon, { once: true });
      const data = {
        from,
        // As an object, the text is one recipient whatever it contains.
        to: { name: '', address: to },
        subject: oneLine(subject),
        messageId,
        ...renderMail(content),
        // Asks for no automatic replies such as holiday notices (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: abandoned.signal,
        onWritten: () => {
          isWritten = true;
        },
      };
      try {
        await transport.sendMail(data);
      } catch (error) {
        throw abandoned.signal.aborted
          ? error
          : failureOf(error as Error, { isWritten, messageId, deferral });
      } finally {
        signal.removeEventListener('abort', abandon);
      }
    },
    close: () => transport.close(),
  };
}

function bothOf(timeoutMs: number | undefined): Pick<MailerOptions, 'greetingMs' | 'answerMs'> {
  return timeoutMs === undefined ? {} : { greetingMs: timeoutMs, answerMs: timeoutMs };
}

function sendsPasswordAway(smtpUrl: string): boolean {
  const { protocol, username, hostname } = new URL(smtpUrl);
  return protocol === 'smtp:' && username !== '' && !LOOPBACK.test(hostname);
}
