import { createTransport } from 'nodemailer';
import { type MailContent, oneLine } from './mail-content.js';
import { mailFailure } from './mail-failure.js';
import { renderMail } from './render-mail.js';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly content: MailContent;
  /** The same at every attempt, so that a repetition can be told. */
  readonly messageId: string;
}

export interface Mailer {
  /** Resolves when the server has taken the mail. Throws a WalmqError with a MailFailureCode; after `signal`, EABORT. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface MailerOptions {
  /**
   * `smtps://` is TLS from the start, `smtp://` goes over to it where the server offers STARTTLS, and must do so before
   * a password is sent to another machine. Nodemailer's own options may follow as a query.
   */
  readonly smtpUrl: string;
  /** An address, with or without a name in front. */
  readonly from: string;
  /** At most so many mails in so many milliseconds, by this mailer. Default: no limit. */
  readonly rate?: { readonly mails: number; readonly perMs: number } | undefined;
  /** PEM of an authority to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Milliseconds that the server may take to each of: connect, greet, answer. Default: 15 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Mails by SMTP, over a few connections that are kept. */
export function createMailer(options: MailerOptions): Mailer {
  const { smtpUrl, from, rate, ca, timeoutMs = TIMEOUT_MS } = options;
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    requireTLS: sendsPasswordAway(smtpUrl),
    // A mail's content never names a file or an address to fetch; should it ever, it is not followed.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(rate ? { rateLimit: rate.mails, rateDelta: rate.perMs } : {}),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  return {
    async send({ to, subject, content, messageId }, signal) {
      try {
        await transport.sendMail({
          from,
          // As an object, it is one recipient whatever it holds.
          to: { name: '', address: to },
          subject: oneLine(subject),
          messageId,
          ...renderMail(content),
          // Holiday notices and the like stay unsent (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
      } catch (error) {
        throw signal.aborted ? error : mailFailure(error as Error);
      }
    },
    close: () => transport.close(),
  };
}

function sendsPasswordAway(smtpUrl: string): boolean {
  const { protocol, username, hostname } = new URL(smtpUrl);
  return protocol === 'smtp:' && username !== '' && !LOOPBACK.test(hostname);
}
