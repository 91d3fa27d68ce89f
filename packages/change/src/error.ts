/** What an error may carry besides its message: facts for the log, the remedy for the person who reads it. */
export interface ErrorDetail {
  /** What to do about it, as one imperative sentence. */
  remedy?: string;
  /** Names and numbers that locate the fault; never row data, never a secret. */
  facts?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * An error a person can act on. Every decision about an error (retry, stop, give up) is made by its
 * `code`, never by its message.
 */
export class WalmqError extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly facts: Record<string, unknown>;

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'WalmqError';
    this.code = code;
    this.remedy = detail.remedy;
    this.facts = detail.facts ?? {};
  }

  /** `CODE: what is wrong. What to do.` — one line for a terminal. */
  get sentence(): string {
    return `${this.code}: ${this.message}${this.remedy ? ` ${this.remedy}` : ''}`;
  }
}
