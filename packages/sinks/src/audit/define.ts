import { z } from 'zod';

const columns = z.array(z.string().min(1)).default([]);

/** The content of a walmq.audit.ts. */
export const auditSchema = z.strictObject({
  /**
   * Rules by table, named as in walmq.config.ts: "orders" (of schema public) or "sales.orders". Other tables
   * are kept unchanged.
   */
  tables: z.record(
    z.string(),
    z.strictObject({
      /** Columns that the log omits. */
      leaveOut: columns,
      /** Columns whose values the log replaces by ***. */
      mask: columns,
    }),
  ),
});

/** The input form of a walmq.audit.ts. */
export type AuditConfig = z.input<typeof auditSchema>;

/** Types a walmq.audit.ts; loading validates it. */
export function defineAudit(config: AuditConfig): AuditConfig {
  return config;
}
