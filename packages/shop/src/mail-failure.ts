import { ShopError, type ShopErrorCode } from './shop-error.js';

/** When a mail is retried: after `firstMs`, doubled by each retry up to `maxMs`, at most `times`. */
export interface Deferral {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly times?: number;
}

/** A limit, because each retry may send another copy. */
const TRIES_WITHOUT_REPLY = 2;

/** nodemailer's description of a failure. */
export interface Told extends Error {
  readonly code?: string;
  /** The error of the socket or of TLS behind `code`, if there is one. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** "Authentication required", "mechanism too weak", "credentials invalid", "encryption required" (RFC 4954, 6). */
const LOGIN_REPLIES: ReadonlySet<number | undefined> = new Set([530, 534, 535, 538]);
const TOO_LARGE = 552;
/** No reply of SMTP: SendGrid's documented word for a sender that it does not know. */
const SENDER_UNKNOWN = 403;
/** "Mail system congestion" (RFC 3463, 3.5): it passes, whatever the first digit says. Gmail's daily limits are 550 5.4.5. */
const CONGESTION = /^5\d\d[ -]5\.4\.5\b/;
const CERTIFICATE_CODES = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT)/;
const MAX_REPLY_CHARACTERS = 200;

/** The failure with its cause and remedy, and without any customer's address. */
export function mailFailure(
  error: Told,
  sending: { readonly isWritten: boolean; readonly messageId: string; readonly deferral: Deferral },
): ShopError {
  const { code, command, responseCode } = error;
  if (responseCode === SENDER_UNKNOWN) return senderRefused(error);
  if (isDeferral(error))
    return deferred(
      failure('MAIL_DEFERRED', `the mail server does not take the mail now${replyOf(error)}.`),
      sending.deferral,
    );
  if (sending.isWritten && responseCode === undefined) return replyLost(error, sending);
  if (code === 'EAUTH' || code === 'ENOAUTH' || LOGIN_REPLIES.has(responseCode))
    return failure('SMTP_LOGIN_REFUSED', `the mail server refused the login${replyOf(error)}.`, {
      remedy: 'Check the name and the password in SMTP_URL.',
    });
  if (CERTIFICATE_CODES.test(error.originalCode ?? ''))
    return failure(
      'SMTP_CERTIFICATE',
      `the mail server's certificate is not trusted: ${plain(error.message)}.`,
      {
        remedy: 'Name the file with the certificate of its authority in WALMQ_SMTP_CA.',
      },
    );
  if (code === 'ETLS' || code === 'EREQUIRETLS' || command === 'STARTTLS')
    return failure('SMTP_TLS', `the mail server gives no encrypted connection${replyOf(error)}.`, {
      remedy: 'Check port and protocol in SMTP_URL: smtps:// encrypts from the start, smtp:// by STARTTLS.',
    });
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return ofMail(error);
  return failure(
    'SMTP_UNREACHABLE',
    `the mail server did not answer as it should: ${plain(error.message)}.`,
    {
      remedy: 'Check that it runs, and host and port in SMTP_URL.',
    },
  );
}

/** The mail was rejected; the connection works. */
function ofMail(error: Told): ShopError {
  const { command, responseCode } = error;
  // Every mail would be rejected: the fault is in the configuration, not in this mail.
  if (command === 'MAIL FROM' && responseCode !== undefined && responseCode !== TOO_LARGE)
    return senderRefused(error);
  const who = command === 'RCPT TO' ? 'the recipient' : 'the mail';
  const refused = failure('MAIL_REFUSED', `the mail server refused ${who}${replyOf(error)}.`);
  // Errors on which the kit gives up. Without a reply, nodemailer itself refused.
  return Object.assign(refused, { responseCode: responseCode ?? 554 });
}

function isDeferral({ responseCode, response = '' }: Told): boolean {
  return (
    (responseCode !== undefined && responseCode >= 400 && responseCode < 500) || CONGESTION.test(response)
  );
}

function senderRefused(error: Told): ShopError {
  return failure('SMTP_SENDER_REFUSED', `the mail server does not send for our address${replyOf(error)}.`, {
    remedy: 'Check WALMQ_MAIL_FROM.',
  });
}

/** RFC 5321, 4.5.3.2.6: the server may have delivered the mail, and a retry may deliver a second copy. */
function replyLost(
  error: Told,
  { messageId, deferral }: { readonly messageId: string; readonly deferral: Deferral },
): ShopError {
  const lost = failure(
    'MAIL_REPLY_LOST',
    `the mail server had the whole mail and did not say whether it takes it: ${plain(error.message)}. It may have been delivered.`,
    {
      remedy: `Look for Message-ID ${messageId} in the mail server's log. If it was delivered, discard the change; else retry it. Where the server takes longer than that, raise WALMQ_SMTP_ANSWER_SECONDS.`,
    },
  );
  return deferred(lost, { ...deferral, times: TRIES_WITHOUT_REPLY });
}

/** The kit then retries as mail servers do, without using up an attempt. */
function deferred(error: ShopError, retryAfterMs: Deferral): ShopError {
  return Object.assign(error, { retryAfterMs });
}

function failure(code: ShopErrorCode, message: string, detail: { readonly remedy?: string } = {}): ShopError {
  return new ShopError(code, message, detail);
}

function replyOf({ response }: Told): string {
  return response ? ` (${plain(response)})` : '';
}

/** Replies of servers may contain addresses and arbitrary text. */
function plain(text: string): string {
  return text
    .replaceAll(/<?[^\s<>]+@[^\s<>]+>?/g, '<address>')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}
