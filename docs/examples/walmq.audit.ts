import { defineAudit } from 'walmq/sinks/audit';

export default defineAudit({
  tables: {
    orders: { leaveOut: ['updated_at'], mask: ['customer_email'] }, // '***' instead of the value; null stays null
  },
});
