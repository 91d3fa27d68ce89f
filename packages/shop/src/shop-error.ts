import { CodedError } from '@walmq/change';

/**
 * Why the shop's tables were not made:
 *
 * - `SHOP_TABLES_FAILED`: PostgreSQL rejects the SQL; the message is PostgreSQL's own.
 * - `SHOP_SETUP_OPTION`: the option must change nothing, and the set-up of the shop makes tables.
 *
 * Why the shop's mail was not sent:
 *
 * - `MAIL_REFUSED`: the server rejects this mail or this recipient (5xx). A retry does not help.
 * - `MAIL_DEFERRED`: the server does not accept the mail now (4xx): greylisting, a full mailbox, too much load.
 * - `MAIL_REPLY_LOST`: the server received the whole mail, and its answer did not arrive. The mail may have been delivered.
 * - `SMTP_SENDER_REFUSED`: the server does not send for the shop's address.
 * - `SMTP_LOGIN_REFUSED`: name or password are wrong or missing.
 * - `SMTP_CERTIFICATE`: the server's certificate is not trusted.
 * - `SMTP_CA_UNREADABLE`: the file of `WALMQ_SMTP_CA` cannot be read.
 * - `SMTP_TLS`: no encrypted connection can be made.
 * - `SES_NOT_INSTALLED`: mail goes by Amazon SES, and its client is not installed.
 * - `SMTP_UNREACHABLE`: no connection, or the connection was lost.
 */
export type ShopErrorCode =
  | 'SHOP_TABLES_FAILED'
  | 'SHOP_SETUP_OPTION'
  | 'MAIL_REFUSED'
  | 'MAIL_DEFERRED'
  | 'MAIL_REPLY_LOST'
  | 'SMTP_SENDER_REFUSED'
  | 'SMTP_LOGIN_REFUSED'
  | 'SMTP_CERTIFICATE'
  | 'SMTP_CA_UNREADABLE'
  | 'SMTP_TLS'
  | 'SES_NOT_INSTALLED'
  | 'SMTP_UNREACHABLE';

/** A fault of the reference shop. The shop uses walmq and is not part of it. */
export class ShopError extends CodedError<ShopErrorCode> {}
