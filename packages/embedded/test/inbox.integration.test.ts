import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Inbox, startInbox } from '../src/index.js';

let inbox: Inbox;

beforeEach(async () => {
  inbox = await startInbox();
});

afterEach(async () => {
  await inbox.stop();
});

async function send(mail: { subject: string; text?: string; html?: string }, smtpUrl = inbox.smtpUrl) {
  const transport = nodemailer.createTransport(smtpUrl);
  const to = { to: 'customer@example.com', bcc: 'archive@example.com' };
  await transport.sendMail({ from: 'shop@example.com', ...to, messageId: '<one@shop>', ...mail });
  transport.close();
}

const get = (path: string) => fetch(new URL(path, inbox.url));

describe('inbox', () => {
  it('takes a mail for anybody and gives back what was sent', async () => {
    await send({ subject: 'Order 1: größer', text: 'Thank you', html: '<p>Thank you</p>' });
    const mail = await inbox.waitForMail(({ subject }) => subject.startsWith('Order 1'));
    expect(mail).toMatchObject({
      id: 1,
      messageId: '<one@shop>',
      from: 'shop@example.com',
      to: ['customer@example.com', 'archive@example.com'],
      subject: 'Order 1: größer',
      html: '<p>Thank you</p>',
    });
    expect(mail.text.trim()).toBe('Thank you');
    expect(inbox.mails()).toEqual([mail]);
  });

  it('takes any name and password', async () => {
    const url = new URL(inbox.smtpUrl);
    await send({ subject: 'Signed in' }, `smtp://anybody:anything@${url.host}`);
    expect(inbox.mails().map(mail => mail.subject)).toEqual(['Signed in']);
  });

  it('escapes what a mail says on its pages', async () => {
    await send({ subject: '<script>alert(1)</script> "&', text: '</pre><b>bold</b>' });
    for (const path of ['/', '/mails/1']) {
      const page = await (await get(path)).text();
      expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;');
      expect(page).not.toContain('<script>alert');
      expect(page).not.toContain('<b>bold');
    }
  });

  it("shows a mail's HTML in a sandbox that may load nothing", async () => {
    await send({ subject: 'Page', html: '<img src="https://example.com/pixel.png">' });
    const page = await (await get('/mails/1')).text();
    expect(page).toContain('<iframe sandbox');
    const html = await get('/mails/1/html');
    expect(html.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
  });

  it('lists and clears over HTTP', async () => {
    await send({ subject: 'First' });
    await send({ subject: 'Second' });
    const listed = (await (await get('/api/mails')).json()) as { subject: string }[];
    expect(listed.map(mail => mail.subject)).toEqual(['First', 'Second']);
    const cleared = await fetch(new URL('/api/mails', inbox.url), { method: 'DELETE' });
    expect(cleared.status).toBe(204);
    expect(inbox.mails()).toEqual([]);
    expect((await get('/mails/1')).status).toBe(404);
  });

  it('says so when an awaited mail does not come', async () => {
    await expect(inbox.waitForMail(() => true, 1)).rejects.toMatchObject({ code: 'MAIL_NOT_RECEIVED' });
  });
});
