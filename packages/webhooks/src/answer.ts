/** What an endpoint's answer means for the change. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** 410: it wants no more of them. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'later'; readonly retryAfterMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Answer {
  readonly status: number;
  /** The Retry-After header. */
  readonly retryAfter: string | undefined;
}

/** A receiver that asks for more than a day is asked again after one. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** As Standard Webhooks says: 2xx is a success, 410 the end, all else a failure to be tried again. */
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

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfterMsOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const afterMs = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(afterMs) ? undefined : Math.min(Math.max(afterMs, 0), MAX_RETRY_AFTER_MS);
}
