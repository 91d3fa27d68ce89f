import { Counter, Gauge, type Registry } from 'prom-client';

/** The metrics of a process that watches. */
export function alertMetrics(registry: Registry) {
  const registers = [registry];
  const messages = new Counter({
    name: 'walmq_alert_messages_total',
    help: 'Messages about the status: sent, or failed to be sent (each attempt counts).',
    labelNames: ['target', 'outcome'],
    registers,
  });
  const failing = new Gauge({
    name: 'walmq_alert_target_failing',
    help: '1 while a target of alerts does not take messages.',
    labelNames: ['target'],
    registers,
  });
  return {
    sent(target: string) {
      messages.inc({ target, outcome: 'sent' });
      failing.set({ target }, 0);
    },
    failed(target: string) {
      messages.inc({ target, outcome: 'failed' });
      failing.set({ target }, 1);
    },
  };
}

export type AlertMetrics = ReturnType<typeof alertMetrics>;
