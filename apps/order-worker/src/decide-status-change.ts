/** In the order in which an order passes them; `cancelled` may follow any. */
const COURSE = ['pending', 'paid', 'shipped', 'delivered'] as const;
const CANCELLED = 'cancelled';

type CourseStatus = (typeof COURSE)[number];

/** What reaching a status triggers, at most once per order. */
export type OrderEffect = 'fulfilment' | 'shipping-mail' | 'review-request-mail' | 'refund';

const EFFECTS: Readonly<Record<CourseStatus, OrderEffect | undefined>> = {
  pending: undefined,
  paid: 'fulfilment',
  shipped: 'shipping-mail',
  delivered: 'review-request-mail',
};

/**
 * `forward`: to the next status. `jump`: past at least one. `backward`: a correction. `cancelled`: out of any
 * other. `reopened`: out of cancelled. `unknown`: from or to an unknown status, null included. `repeated`:
 * the same.
 */
export type Transition = 'repeated' | 'forward' | 'jump' | 'backward' | 'cancelled' | 'reopened' | 'unknown';

export interface StatusDecision {
  readonly transition: Transition;
  readonly effect: OrderEffect | undefined;
  /**
   * The statuses that a jump skipped. Their effects are not made up for: a shipped order needs no fulfilment.
   */
  readonly skipped: readonly CourseStatus[];
}

/** What an order's step from one status to another requires. */
export function decideStatusChange(from: string | null, to: string | null): StatusDecision {
  if (from === to) return without('repeated');
  if (to === CANCELLED) return { transition: 'cancelled', effect: 'refund', skipped: [] };
  const [start, end] = [placeOf(from), placeOf(to)];
  if (end === undefined) return without('unknown');
  // Its stock was returned and its refund requested, so a person must decide what happens to it.
  if (from === CANCELLED) return without('reopened');
  const effect = EFFECTS[COURSE[end] as CourseStatus];
  if (start === undefined) return { transition: 'unknown', effect, skipped: [] };
  if (end < start) return without('backward');
  const skipped = COURSE.slice(start + 1, end);
  return { transition: skipped.length > 0 ? 'jump' : 'forward', effect, skipped };
}

function without(transition: Transition): StatusDecision {
  return { transition, effect: undefined, skipped: [] };
}

function placeOf(status: string | null): number | undefined {
  const place = (COURSE as readonly (string | null)[]).indexOf(status);
  return place === -1 ? undefined : place;
}
