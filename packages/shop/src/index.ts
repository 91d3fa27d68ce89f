export { formatAmount, lineTotal, type Totals, totalsOf } from './amounts.js';
export { createMailer, type Mail, type Mailer, type MailerOptions } from './mail.js';
export { isMailAddress } from './mail-address.js';
export { type MailBlock, type MailContent, type MailItem } from './mail-content.js';
export type { MailFailureCode } from './mail-failure.js';
export { MAIL_VARIABLES, type MailSettings, openMailer } from './open-mailer.js';
export { type NamedItem, readItems } from './read-items.js';
export type { InventoryRow, OrderItemRow, OrderRow } from './rows.js';
export { shopSchemaSql } from './schema.js';
