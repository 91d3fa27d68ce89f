export { checkAuditRules, checkAuditTable } from './check.js';
export { type AuditConfig, defineAudit } from './define.js';
export { type AuditRules, loadAuditRules } from './load.js';
export { MASKED } from './mask.js';
export { auditSchemaSql } from './schema.js';
export { AUDIT_QUEUE, auditWorker } from './worker.js';
