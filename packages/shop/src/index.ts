export { createMailer, isMailAddress, type Mail, type Mailer } from './mail.js';
export type { InventoryRow, OrderItemRow, OrderRow } from './rows.js';
export { shopSchemaSql } from './schema.js';
