import type { Operator, Via } from '@walmq/operations';
import type { Identity } from '../access/identify.js';

/** The signed-in user, for the operators' log. Without a sign-in everybody who reaches the dashboard is an operator. */
export function operatorOf({ name }: Identity, via: Via, reason?: string): Operator {
  return { who: name ?? 'anyone (no sign-in)', via, reason };
}
