import { ShopError, type ShopErrorCode } from './shop-error.js';

/** When a mail is tried again: after `firstMs`, doubled by each try up to `maxMs`; at most `times`. */
export interface Deferral {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly times?: number;
}

/** Each try may be another copy of the mail. */
const TRIES_WITHOUT_REPLY = 2;

/** What nodemailer tells of a failure. */
interface Told extends Error {
  readonly code?: string;
  /** Of the socket or of TLS, where there is one behind `code`. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** "Authentication required", "mechanism too weak", "credentials invalid", "encryption required" (RFC 4954, 6). */
const LOGIN_REPLIES: ReadonlySet<number | undefined> = new Set([530, 534, 535, 538]);
const TOO_LARGE = 552;
const CERTIFICATE_CODES = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT)/;
const MAX_REPLY_CHARACTERS = 200;

/** The failure as its reader needs it: what is wrong, what to do, and no address of a customer. */
export function mailFailure(
  error: Told,
  sending: { readonly isWritten: boolean; readonly messageId: string; readonly deferral: Deferral },
): ShopError {
  const { code, command, responseCode } = error;
  if (responseCode !== undefined && responseCode >= 400 && responseCode < 500)
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

/** Said of the mail, over a connection that is fine. */
function ofMail(error: Told): ShopError {
  const { command, responseCode } = error;
  // Every mail would be refused so: it is our configuration, not this mail.
  if (command === 'MAIL FROM' && responseCode !== undefined && responseCode !== TOO_LARGE)
    return failure('SMTP_SENDER_REFUSED', `the mail server does not send for our address${replyOf(error)}.`, {
      remedy: 'Check WALMQ_MAIL_FROM.',
    });
  const who = command === 'RCPT TO' ? 'the recipient' : 'the mail';
  const refused = failure('MAIL_REFUSED', `the mail server refused ${who}${replyOf(error)}.`);
  // What tells the kit to give up; without a reply it was nodemailer who refused.
  return Object.assign(refused, { responseCode: responseCode ?? 554 });
}

/** RFC 5321, 4.5.3.2.6: the server may have delivered it, and who asks again may get a second copy delivered. */
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

/** The kit tries it again then, as mail servers do, without the loss of an attempt. */
function deferred(error: ShopError, retryAfterMs: Deferral): ShopError {
  return Object.assign(error, { retryAfterMs });
}

function failure(code: ShopErrorCode, message: string, detail: { readonly remedy?: string } = {}): ShopError {
  return new ShopError(code, message, detail);
}

function replyOf({ response }: Told): string {
  return response ? ` (${plain(response)})` : '';
}

/** Servers repeat addresses, and whatever else they like. */
function plain(text: string): string {
  return text
    .replaceAll(/<?[^\s<>]+@[^\s<>]+>?/g, '<address>')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}
