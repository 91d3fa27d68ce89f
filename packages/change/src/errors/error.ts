import type { ErrorCode } from './registry.js';

/** Optional details of an error: the remedy for the reader, facts for the log, the cause. */
export interface ErrorDetail {
  /** Remedy as one imperative sentence. */
  remedy?: string;
  /** Names and numbers that locate the fault. Never row data, never a secret. */
  facts?: Record<string, unknown>;
  /** The error that led to this one. */
  cause?: unknown;
}

/**
 * An error with a code and, mostly, a remedy. Decisions about an error (retry, stop, give up) depend on its `code`, never on
 * its message. A program with its own codes extends this class with a union of them.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  /** Names the fault. It stays the same from version to version: docs/reference/errors.md. */
  readonly code: Code;
  /** What to do, as one imperative sentence. */
  readonly remedy: string | undefined;
  /** Names and numbers that locate the fault. */
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

/** An error of walmq itself. Decide by its `code`. */
export class WalmqError extends CodedError<ErrorCode> {}
