import { type AlertState, type Delivery, FINE } from './alert-state.js';

/** Attempts at a message, after which it is given up: together they last for an hour and a half. */
export const MAX_ATTEMPTS = 12;
const FIRST_DELAY_MS = 5000;
const MAX_DELAY_MS = 900_000;

/** The state after an attempt at a delivery. `error`: why it failed; null if the target has taken the message. */
export function settleDelivery(
  state: AlertState,
  { target, message }: Pick<Delivery, 'target' | 'message'>,
  { error, nowMs }: { readonly error: string | null; readonly nowMs: number },
): AlertState {
  const before = state.targets[target] ?? FINE;
  const isIt = (delivery: Delivery) => delivery.target === target && delivery.message.id === message.id;
  if (error === null)
    return {
      ...state,
      outbox: state.outbox.filter(delivery => !isIt(delivery)),
      targets: { ...state.targets, [target]: { ...before, failingSinceMs: null, error: null } },
    };
  let lost = 0;
  const outbox = state.outbox.flatMap(delivery => {
    if (!isIt(delivery)) return delivery;
    const attempts = delivery.attempts + 1;
    if (attempts >= MAX_ATTEMPTS) {
      lost += 1;
      return [];
    }
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
    return { ...delivery, attempts, dueMs: nowMs + delayMs };
  });
  return {
    ...state,
    outbox,
    targets: {
      ...state.targets,
      [target]: {
        failingSinceMs: before.failingSinceMs ?? nowMs,
        error,
        lost: before.lost + lost,
      },
    },
  };
}
