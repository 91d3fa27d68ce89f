/**
 * A worker that keeps every change of the queue `audit` in the table `walmq.audit`.
 *
 * @packageDocumentation
 */

export {
  type AuditConfig,
  type AuditRules,
  auditWorker,
  type ColumnRules,
  checkAuditRules,
  checkAuditTable,
  defineAudit,
  loadAuditRules,
} from '@walmq/sinks/audit';
