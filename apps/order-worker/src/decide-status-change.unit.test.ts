import { describe, expect, it } from 'vitest';
import { decideStatusChange, type OrderEffect, type Transition } from './decide-status-change.js';

/** Old status by new status, in the order of the columns. */
const STATUSES = ['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'on hold', null] as const;
const TABLE: Readonly<Record<string, readonly Transition[]>> = {
  pending: ['repeated', 'forward', 'jump', 'jump', 'cancelled', 'unknown', 'unknown'],
  paid: ['backward', 'repeated', 'forward', 'jump', 'cancelled', 'unknown', 'unknown'],
  shipped: ['backward', 'backward', 'repeated', 'forward', 'cancelled', 'unknown', 'unknown'],
  delivered: ['backward', 'backward', 'backward', 'repeated', 'cancelled', 'unknown', 'unknown'],
  cancelled: ['reopened', 'reopened', 'reopened', 'reopened', 'repeated', 'unknown', 'unknown'],
  'on hold': ['unknown', 'unknown', 'unknown', 'unknown', 'cancelled', 'repeated', 'unknown'],
  null: ['unknown', 'unknown', 'unknown', 'unknown', 'cancelled', 'unknown', 'repeated'],
};
const EFFECTS: Readonly<Record<string, OrderEffect>> = {
  paid: 'fulfilment',
  shipped: 'shipping-mail',
  delivered: 'review-request-mail',
  cancelled: 'refund',
};
const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  'pending shipped': ['paid'],
  'pending delivered': ['paid', 'shipped'],
  'paid delivered': ['shipped'],
};

const PAIRS = STATUSES.flatMap(from =>
  STATUSES.map((to, column) => ({ from, to, transition: TABLE[String(from)]?.[column] as Transition })),
);

describe('decideStatusChange', () => {
  it.each(PAIRS)('$from to $to is $transition', ({ from, to, transition }) => {
    const isWithout = ['repeated', 'backward', 'reopened'].includes(transition);
    expect(decideStatusChange(from, to)).toEqual({
      transition,
      effect: isWithout ? undefined : EFFECTS[String(to)],
      skipped: SKIPPED[`${from} ${to}`] ?? [],
    });
  });

  it.each(['Paid', 'paid ', 'PAID', '', 'constructor'])('does not know %j', status => {
    expect(decideStatusChange('pending', status)).toEqual({
      transition: 'unknown',
      effect: undefined,
      skipped: [],
    });
  });
});
