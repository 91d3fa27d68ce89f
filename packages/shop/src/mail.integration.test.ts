import { type Inbox, startInbox } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMailer, type Mailer } from './mail.js';

describe('a mail', () => {
  let inbox: Inbox;
  let mailer: Mailer;
  beforeAll(async () => {
    inbox = await startInbox();
    mailer = createMailer({ smtpUrl: inbox.smtpUrl, from: 'Shop <shop@example.com>' });
  });
  afterAll(async () => {
    mailer.close();
    await inbox.stop();
  });

  it('arrives with its Message-ID, as text and as HTML', async () => {
    const mail = { to: 'a@example.com', subject: 'Order 1', lines: ['Thank you.', 'Total: 9.99'] };
    await mailer.send({ ...mail, messageId: '<first@walmq>' });
    const received = await inbox.waitForMail(({ subject }) => subject === 'Order 1');
    expect(received).toMatchObject({
      messageId: '<first@walmq>',
      from: expect.stringContaining('shop@example.com') as string,
      to: ['a@example.com'],
    });
    expect(received.text.trim()).toBe('Thank you.\n\nTotal: 9.99');
    expect(received.html?.trim()).toBe('<p>Thank you.</p>\n<p>Total: 9.99</p>');
  });

  it('shows what a customer wrote as text: no markup, no header, no second recipient', async () => {
    await mailer.send({
      to: 'b@example.com',
      subject: 'Order 2\r\nBcc: everybody@example.com',
      lines: [`<script>alert("1")</script> & 'more'`],
      messageId: '<second@walmq>',
    });
    const received = await inbox.waitForMail(({ messageId }) => messageId === '<second@walmq>');
    expect(received.to).toEqual(['b@example.com']);
    expect(received.subject).toBe('Order 2 Bcc: everybody@example.com');
    expect(received.html?.trim()).toBe(
      '<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;</p>',
    );
  });

  it('fails with a code when no server answers', async () => {
    const gone = await startInbox();
    await gone.stop();
    const lost = createMailer({ smtpUrl: gone.smtpUrl, from: 'shop@example.com' });
    const sending = lost.send({ to: 'a@example.com', subject: 's', lines: [], messageId: '<third@walmq>' });
    await expect(sending).rejects.toMatchObject({ code: expect.stringMatching(/^E/) as string });
    lost.close();
  });
});
