import { createTransport } from 'nodemailer';
import { z } from 'zod';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Lines of the body; made into text and HTML. */
  readonly lines: readonly string[];
  /** The same at every attempt, so that a repetition can be told. */
  readonly messageId: string;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
  close(): void;
}

const SMTP_TIMEOUT_MS = 15_000;

/** Mails by SMTP, over a few connections that are kept. Rejects with nodemailer's errors (`responseCode`, `code`). */
export function createMailer(options: { readonly smtpUrl: string; readonly from: string }): Mailer {
  const transport = createTransport({
    url: options.smtpUrl,
    pool: true,
    connectionTimeout: SMTP_TIMEOUT_MS,
    greetingTimeout: SMTP_TIMEOUT_MS,
    socketTimeout: SMTP_TIMEOUT_MS,
  });
  return {
    async send({ to, subject, lines, messageId }) {
      await transport.sendMail({
        from: options.from,
        to: { name: '', address: to },
        subject,
        messageId,
        text: lines.join('\n\n'),
        html: lines.map(line => `<p>${escapeHtml(line)}</p>`).join('\n'),
      });
    },
    close: () => transport.close(),
  };
}

/** One address and nothing else: no list, no header, no display name. */
export function isMailAddress(text: string): boolean {
  return z.email().safeParse(text).success;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
