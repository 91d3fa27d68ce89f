import type { AlertsConfig } from '@walmq/config';
import type { AlertRules } from '@walmq/operations';

/** The configuration's rules, in milliseconds. */
export function rulesOf(alerts: AlertsConfig): AlertRules {
  const { severity, mute, holdSeconds, holdSecondsOf, overAfterSeconds, remindHours, targets } = alerts;
  return {
    severity,
    mute,
    holdMs: holdSeconds * 1000,
    holdMsOf: Object.fromEntries(
      Object.entries(holdSecondsOf).map(([code, seconds]) => [code, seconds * 1000]),
    ),
    overAfterMs: overAfterSeconds * 1000,
    remindMs: remindHours * 3_600_000,
    targets: Object.entries(targets).map(([name, target]) => ({
      name,
      severity: target.severity ?? severity,
      mute: target.mute,
    })),
  };
}
