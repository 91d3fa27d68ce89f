export { formatAmount, lineTotal, type Totals, totalsOf } from './amounts.js';
export { createMailer, type Mail, type Mailer, type MailerOptions } from './mail.js';
export { mailAddress } from './mail-address.js';
export type { MailBlock, MailContent, MailItem } from './mail-content.js';

export { MAIL_VARIABLES, type MailEnvironment, openMailer } from './open-mailer.js';
export { type NamedItem, readItems } from './read-items.js';
export { shopSchemaSql } from './schema.js';
export { ShopError, type ShopErrorCode } from './shop-error.js';
export { isTruncatedAfter, lastTruncate, noteTruncate, TRUNCATED } from './truncation.js';
export type {
  InventoryRow,
  OrderItemsRow as OrderItemRow,
  OrdersRow as OrderRow,
  Tables,
} from './walmq-tables.js';
