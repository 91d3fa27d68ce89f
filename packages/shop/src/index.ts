export { createMailer, isMailAddress, type Mail, type Mailer } from './mail.js';
export { shopSchemaSql } from './schema.js';
export type {
  InventoryRow,
  OrderItemsRow as OrderItemRow,
  OrdersRow as OrderRow,
  Tables,
} from './walmq-tables.js';
