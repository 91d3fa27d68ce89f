import type { ErrorCode } from './registry.js';

/** What an error may carry besides its message: facts for the log, the remedy for the person who reads it. */
export interface ErrorDetail {
  /** What to do about it, as one imperative sentence. */
  remedy?: string;
  /** Names and numbers that locate the fault; never row data, never a secret. */
  facts?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * An error that a person can act on. Every decision about an error (retry, stop, give up) is made by its
 * `code`, never by its message. A program with codes of its own extends this class with a union of them.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly remedy: string | undefined;
  readonly facts: Record<string, unknown>;

  constructor(code: Code, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = detail.remedy;
    this.facts = detail.facts ?? {};
  }

  /** `CODE: what is wrong. What to do.` — one line for a terminal. */
  get sentence(): string {
    return `${this.code}: ${this.message}${this.remedy ? ` ${this.remedy}` : ''}`;
  }
}

/** An error of walmq itself. */
export class WalmqError extends CodedError<ErrorCode> {}
