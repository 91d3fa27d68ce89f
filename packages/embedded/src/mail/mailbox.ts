import { WalmqError } from '@walmq/change';

/** A mail that arrived. */
export interface Mail {
  /** Number in order of arrival, from 1. */
  readonly id: number;
  readonly messageId: string;
  readonly from: string;
  /** Addresses of all recipients, hidden copies included. */
  readonly to: string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly receivedAt: Date;
}

export interface Mailbox {
  deliver(mail: Omit<Mail, 'id'>): void;
  mails(): readonly Mail[];
  waitForMail(predicate: (mail: Mail) => boolean, timeoutMs?: number): Promise<Mail>;
  clear(): void;
}

const KEPT = 1000;

/** Makes a mailbox in memory that keeps the newest `kept` mails. */
export function createMailbox(kept = KEPT): Mailbox {
  const mails: Mail[] = [];
  const waiting = new Set<(mail: Mail) => void>();
  let lastId = 0;

  return {
    deliver(received) {
      const mail = { id: ++lastId, ...received };
      mails.push(mail);
      if (mails.length > kept) mails.shift();
      for (const notice of waiting) notice(mail);
    },
    mails: () => [...mails],
    clear: () => void mails.splice(0),
    waitForMail(predicate, timeoutMs = 10_000) {
      const found = mails.find(predicate);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const notice = (mail: Mail) => {
          if (!predicate(mail)) return;
          done();
          resolve(mail);
        };
        const overdue = setTimeout(() => {
          done();
          reject(
            new WalmqError('MAIL_NOT_RECEIVED', `no such mail came within ${timeoutMs} ms.`, {
              facts: { received: lastId },
            }),
          );
        }, timeoutMs);
        const done = () => {
          clearTimeout(overdue);
          waiting.delete(notice);
        };
        waiting.add(notice);
      });
    },
  };
}
