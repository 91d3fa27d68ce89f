import type { AlertMessage, RenderedAlert } from '@walmq/operations';

/** One receiver of alerts. */
export interface Target {
  readonly name: string;
  /** Rejects with why the receiver has not taken the message. No error holds a URL or a secret. */
  send(message: AlertMessage, rendered: RenderedAlert): Promise<void>;
}
