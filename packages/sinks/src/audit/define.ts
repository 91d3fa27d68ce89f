import { z } from 'zod';

const columns = z.array(z.string().min(1)).default([]);

/** What a walmq.audit.ts may say. */
export const auditSchema = z.strictObject({
  /** By table, named as in walmq.config.ts: "orders" (of schema public) or "sales.orders". A table that is not named is kept as it is. */
  tables: z.record(
    z.string(),
    z.strictObject({
      /** Columns that the log does not hold. */
      leaveOut: columns,
      /** Columns whose values the log does not hold: *** in their place. */
      mask: columns,
    }),
  ),
});

/** What a walmq.audit.ts writes. */
export type AuditConfig = z.input<typeof auditSchema>;

/** Types a walmq.audit.ts; checked when it is loaded. */
export function defineAudit(config: AuditConfig): AuditConfig {
  return config;
}
