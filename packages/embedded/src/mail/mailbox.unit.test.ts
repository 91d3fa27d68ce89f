import { expect, it } from 'vitest';
import { createMailbox } from './mailbox.js';

const mail = (subject: string) => ({
  messageId: '',
  from: '',
  to: [],
  text: '',
  html: undefined,
  receivedAt: new Date(0),
  subject,
});

it('keeps the newest mails only', () => {
  const mailbox = createMailbox(2);
  for (const subject of ['a', 'b', 'c']) mailbox.deliver(mail(subject));
  expect(mailbox.mails().map(({ id, subject }) => `${id}${subject}`)).toEqual(['2b', '3c']);
});

it('wakes the one who waits for this mail', async () => {
  const mailbox = createMailbox();
  const second = mailbox.waitForMail(({ subject }) => subject === 'b');
  for (const subject of ['a', 'b']) mailbox.deliver(mail(subject));
  expect(await second).toMatchObject({ id: 2, subject: 'b' });
});
