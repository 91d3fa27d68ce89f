export { checkAuditRules, checkAuditTable } from './check.js';
export { type AuditConfig, defineAudit } from './define.js';
export { type AuditRules, loadAuditRules } from './load.js';
export type { ColumnRules } from './mask.js';
export { auditSchemaSql } from './schema.js';
export { auditWorker } from './worker.js';
