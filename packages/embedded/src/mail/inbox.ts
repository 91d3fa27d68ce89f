import { startInboxPage } from './inbox-page.js';
import { createMailbox, type Mail } from './mailbox.js';
import { startSmtp } from './smtp.js';

/** A mail server and the page of its mails. */
export interface Inbox {
  /** For SMTP_URL. */
  readonly smtpUrl: string;
  /** URL of the page that shows the mails. */
  readonly url: string;
  /** The last 1000 mails, oldest first. */
  mails(): readonly Mail[];
  /**
   * Returns the first mail that matches, received already or within `timeoutMs` (default: 10 000).
   * Throws MAIL_NOT_RECEIVED.
   */
  waitForMail(predicate: (mail: Mail) => boolean, timeoutMs?: number): Promise<Mail>;
  /** Ends both. The mails are gone. */
  stop(): Promise<void>;
}

/** Starts a mail server on 127.0.0.1 that accepts every mail to every address and shows the mails on a page. */
export async function startInbox(options: { smtpPort?: number; httpPort?: number } = {}): Promise<Inbox> {
  const { smtpPort = 0, httpPort = 0 } = options;
  const mailbox = createMailbox();
  const smtp = await startSmtp({ port: smtpPort, deliver: mailbox.deliver });
  try {
    const page = await startInboxPage({ port: httpPort, mailbox });
    return {
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
      url: page.url,
      mails: mailbox.mails,
      waitForMail: mailbox.waitForMail,
      async stop() {
        await Promise.all([smtp.stop(), page.stop()]);
      },
    };
  } catch (error) {
    await smtp.stop();
    throw error;
  }
}
