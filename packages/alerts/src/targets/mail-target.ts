import { messageOf, WalmqError } from '@walmq/change';
import { alertLines } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { createTransport } from 'nodemailer';
import type { Target } from './target.js';

export interface MailOptions {
  /** `smtp://user:password@host:587`, `smtps://...` */
  readonly smtpUrl: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly timeoutMs: number;
  /** PEM of the server's own certificate authority. */
  readonly ca: string | undefined;
}

/** Sends a mail in plain text. The id is the same at every attempt, so that a mail program shows a repeated mail once. */
export function mailTarget(name: string, { smtpUrl, from, to, timeoutMs, ca }: MailOptions): Target {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  return {
    name,
    send: async (message, rendered) => {
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: rendered.title,
          text: `${alertLines(rendered, message.kind).join('\n\n')}\n`,
          messageId: `<${message.id}@alerts.walmq>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (cause) {
        throw new WalmqError(
          'ALERT_MAIL_FAILED',
          `the mail server did not take the mail: ${redact(messageOf(cause))}.`,
          {
            remedy:
              'Compare the URL of the mail server, its user and the addresses with what the server expects.',
          },
        );
      }
    },
  };
}
