/** What an endpoint's answer means for the change. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** 410: the endpoint wants no more changes. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'later'; readonly retryAfterMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Answer {
  readonly status: number;
  /** The Retry-After header. */
  readonly retryAfter: string | undefined;
}

/**
 * As Standard Webhooks defines: 2xx is success, 410 ends the deliveries, everything else is a failure to
 * retry.
 */
export function verdictOf({ status, retryAfter }: Answer, nowMs: number): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const retryAfterMs = status === 429 || status === 503 ? retryAfterMsOf(retryAfter, nowMs) : undefined;
  if (retryAfterMs !== undefined) return { kind: 'later', retryAfterMs };
  if (status >= 300 && status < 400)
    return {
      kind: 'failed',
      reason: `answered ${status}; redirects are not followed, set url to where it is now`,
    };
  return { kind: 'failed', reason: `answered ${status}` };
}

/** Seconds (also with a fraction), or a date with the name of its month, as in HTTP (RFC 9110, 5.6.7). */
const SECONDS = /^[+-]?\d+(\.\d+)?$/;
const HTTP_DATE = /[a-z]{3}/i;

/** Milliseconds from now; 0 for a time in the past. Undefined if the header names no time. */
function retryAfterMsOf(text = '', nowMs: number): number | undefined {
  const told = text.trim();
  const afterMs = SECONDS.test(told)
    ? Number(told) * 1000
    : HTTP_DATE.test(told)
      ? Date.parse(told) - nowMs
      : Number.NaN;
  return Number.isNaN(afterMs) ? undefined : Math.max(afterMs, 0);
}
