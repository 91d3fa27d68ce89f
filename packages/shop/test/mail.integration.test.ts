import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Inbox, startInbox } from '@walmq/embedded';
import { LOGIN, MailServer, type TakenMail } from '@walmq/testing';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMailer, type Mail, type Mailer, type MailerOptions } from '../src/mail.js';

const FROM = 'Shop <shop@example.com>';
const MAIL: Mail = {
  to: 'customer@example.com',
  subject: 'Order 1',
  messageId: '<first@walmq>',
  content: {
    heading: 'Thank you',
    blocks: [{ kind: 'paragraph', text: 'We have it: größer & <b>more</b>.' }],
  },
};
const forever = () => new AbortController().signal;

async function withMailer<T>(
  options: Omit<MailerOptions, 'from'>,
  act: (mailer: Mailer) => Promise<T>,
): Promise<T> {
  const mailer = createMailer({ from: FROM, ...options });
  try {
    return await act(mailer);
  } finally {
    mailer.close();
  }
}

const send = (options: Omit<MailerOptions, 'from'>, mail = MAIL) =>
  withMailer(options, mailer => mailer.send(mail, forever()));

describe('a mail', () => {
  let inbox: Inbox;
  let server: MailServer;
  beforeAll(async () => {
    [inbox, server] = await Promise.all([startInbox(), MailServer.start()]);
  });
  afterAll(async () => {
    await Promise.all([inbox.stop(), server[Symbol.asyncDispose]()]);
  });

  const sent = async (mail: Mail) => {
    await send({ smtpUrl: server.url() }, mail);
    return server.taken.at(-1) as TakenMail;
  };

  it('is text and HTML of the same, and says what sent it', async () => {
    const { raw, recipients, sender } = await sent(MAIL);
    expect({ recipients, sender }).toEqual({
      recipients: ['customer@example.com'],
      sender: 'shop@example.com',
    });
    const { headers, text, html, messageId, from } = await simpleParser(raw);
    expect(headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' });
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(headers.get('date')).toBeInstanceOf(Date);
    expect([messageId, from?.text]).toEqual(['<first@walmq>', '"Shop" <shop@example.com>']);
    expect(text).toContain('We have it: größer & <b>more</b>.');
    expect(html).toContain('größer &amp; &lt;b&gt;more&lt;/b&gt;.');
    // Clients show the last part that they can.
    expect(raw.indexOf('text/plain')).toBeLessThan(raw.indexOf('text/html'));
  });

  it('shows in the inbox', async () => {
    await send({ smtpUrl: inbox.smtpUrl });
    expect(await inbox.waitForMail(({ subject }) => subject === 'Order 1')).toMatchObject({
      messageId: '<first@walmq>',
      to: ['customer@example.com'],
    });
  });

  it.each([
    ['Order 2\r\nBcc: everybody@example.com', 'Order 2 Bcc: everybody@example.com'],
    ['Größe "M", <b>', 'Größe "M", <b>'],
    ['茶'.repeat(2000), `${'茶'.repeat(199)}…`],
  ])('keeps a subject what it is: %j', async (subject, shown) => {
    const { raw, recipients } = await sent({ ...MAIL, subject });
    const mail = await simpleParser(raw);
    expect(recipients).toEqual(['customer@example.com']);
    expect(mail.subject).toBe(shown);
    expect(mail.bcc).toBeUndefined();
    for (const line of raw.split('\r\n')) expect(line.length).toBeLessThan(999);
  });
});

describe('a mail server', () => {
  it('with TLS from the start and a login gets the mail from a client that trusts it', async () => {
    await using server = await MailServer.start({ tls: 'always', needsLogin: true });
    await send({ smtpUrl: server.url(LOGIN), ca: server.ca });
    expect(server.taken).toMatchObject([{ encrypted: true, user: 'shop' }]);
  });

  it('with STARTTLS gets the mail and the password encrypted', async () => {
    await using server = await MailServer.start({ tls: 'starttls', needsLogin: true });
    await send({ smtpUrl: server.url(LOGIN), ca: server.ca });
    expect(server.taken).toMatchObject([{ encrypted: true, user: 'shop' }]);
  });

  it.each(['always', 'starttls'] as const)(
    'whose certificate nobody knows gets nothing (TLS %s)',
    async tls => {
      await using server = await MailServer.start({ tls });
      await expect(send({ smtpUrl: server.url() })).rejects.toMatchObject({ code: 'SMTP_CERTIFICATE' });
      expect(server.taken).toEqual([]);
    },
  );

  it('elsewhere gets no password without TLS', async () => {
    await using server = await MailServer.start({ needsLogin: true });
    // This machine too, but not by its name.
    const smtpUrl = server.url(LOGIN).replace('localhost', '0.0.0.0');
    await expect(send({ smtpUrl })).rejects.toMatchObject({ code: 'SMTP_TLS' });
    await send({ smtpUrl: `${smtpUrl}?requireTLS=false` });
    expect(server.taken).toHaveLength(1);
  });

  it.each([
    ['a wrong password', { ...LOGIN, password: 'not-the-password' }],
    ['no password', undefined],
  ])('that gets %s says so, without the password', async (_, login) => {
    await using server = await MailServer.start({ needsLogin: true });
    const error: unknown = await send({ smtpUrl: server.url(login) }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'SMTP_LOGIN_REFUSED',
      message: expect.stringMatching(/refused the login \(53[05] /) as string,
    });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/not-the-password|p@ss/);
  });

  it.each([
    [
      'recipient',
      { code: 550, text: 'no such user <customer@example.com>' },
      'MAIL_REFUSED',
      'refused the recipient',
    ],
    ['recipient', { code: 450, text: 'greylisted' }, 'MAIL_DEFERRED', '450 greylisted'],
    ['mail', { code: 554, text: 'spam' }, 'MAIL_REFUSED', 'refused the mail (554 spam)'],
    ['mail', { code: 451, text: 'try later' }, 'MAIL_DEFERRED', '451 try later'],
    ['sender', { code: 553, text: 'not yours' }, 'SMTP_SENDER_REFUSED', '553 not yours'],
  ] as const)('that refuses the %s with %j', async (step, reply, code, said) => {
    await using server = await MailServer.start();
    server.refused = { [step]: reply };
    await withMailer({ smtpUrl: server.url() }, async mailer => {
      await expect(mailer.send(MAIL, forever())).rejects.toMatchObject({
        code,
        message: expect.stringContaining(said) as string,
      });
      // The connection is as good as before.
      server.refused = {};
      await mailer.send(MAIL, forever());
    });
    expect(server.taken).toHaveLength(1);
  });

  it('that is gone is unreachable', async () => {
    const server = await MailServer.start();
    const smtpUrl = server.url();
    await server[Symbol.asyncDispose]();
    await expect(send({ smtpUrl })).rejects.toMatchObject({
      code: 'SMTP_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it.each([
    ['never greets', false],
    ['greets, and says no more', true],
  ])('that %s is unreachable after a while', async (_, greets) => {
    const open = new Set<Socket>();
    const mute = createServer(socket => {
      open.add(socket);
      if (greets) socket.write('220 mute\r\n');
    });
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const { port } = mute.address() as AddressInfo;
    await expect(send({ smtpUrl: `smtp://127.0.0.1:${port}`, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'SMTP_UNREACHABLE',
    });
    for (const socket of open) socket.destroy();
    await new Promise(resolve => mute.close(resolve));
  });

  it('that is slow to answer to the whole mail is waited for, though the time of the attempt is up', async () => {
    await using server = await MailServer.start();
    let answer = () => {};
    const answered = new Promise<void>(resolve => {
      answer = resolve;
    });
    let reach = () => {};
    const reached = new Promise<void>(resolve => {
      reach = resolve;
    });
    server.beforeAnswer = async () => {
      reach();
      await answered;
    };
    await withMailer({ smtpUrl: server.url() }, async mailer => {
      const overdue = new AbortController();
      const sending = mailer.send(MAIL, overdue.signal);
      await reached;
      overdue.abort();
      answer();
      await sending;
    });
    expect(server.taken).toHaveLength(1);
  });

  it('that does not answer to the whole mail in time may have delivered it', async () => {
    await using server = await MailServer.start();
    server.beforeAnswer = () => new Promise(() => {});
    await expect(send({ smtpUrl: server.url(), answerMs: 1000 })).rejects.toMatchObject({
      code: 'MAIL_REPLY_LOST',
      retryAfterMs: { firstMs: 60_000, maxMs: 14_400_000, times: 2 },
      remedy: expect.stringContaining('WALMQ_SMTP_ANSWER_SECONDS') as string,
    });
  });

  it('gets no more mails at a time than it is to get, and none whose time is over', async () => {
    await using server = await MailServer.start();
    const hour = 3_600_000;
    await withMailer({ smtpUrl: server.url(), rate: { mails: 2, perMs: hour } }, async mailer => {
      await Promise.all([mailer.send(MAIL, forever()), mailer.send(MAIL, forever())]);
      const overdue = new AbortController();
      const waiting = mailer.send(MAIL, overdue.signal);
      const ended = expect(waiting).rejects.toMatchObject({ code: 'EABORT' });
      overdue.abort();
      await ended;
    });
    expect(server.taken).toHaveLength(2);
  });
});
