import { expect, it } from 'vitest';
import { mailFailure } from './mail-failure.js';

const sending = {
  isWritten: false,
  messageId: '<1@walmq>',
  deferral: { firstMs: 60_000, maxMs: 14_400_000 },
};
const told = (fields: object) => Object.assign(new Error('it failed'), fields);

it.each([
  [
    { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, response: '550 no such user' },
    'MAIL_REFUSED',
    550,
  ],
  [{ code: 'EMESSAGE', command: 'DATA', responseCode: 554, response: '554 spam' }, 'MAIL_REFUSED', 554],
  [
    { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 552, response: '552 too large' },
    'MAIL_REFUSED',
    552,
  ],
  [{ code: 'EMESSAGE', command: 'MAIL FROM' }, 'MAIL_REFUSED', 554],
  [
    { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 450, response: '450 greylisted' },
    'MAIL_DEFERRED',
    undefined,
  ],
  [
    { code: 'EMESSAGE', command: 'DATA', responseCode: 452, response: '452 full' },
    'MAIL_DEFERRED',
    undefined,
  ],
  [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550 }, 'SMTP_SENDER_REFUSED', undefined],
  [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 451 }, 'MAIL_DEFERRED', undefined],
  [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 530 }, 'SMTP_LOGIN_REFUSED', undefined],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, 'SMTP_LOGIN_REFUSED', undefined],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 454 }, 'MAIL_DEFERRED', undefined],
  [
    { code: 'EPROTOCOL', responseCode: 421, response: '421 too many connections' },
    'MAIL_DEFERRED',
    undefined,
  ],
  [{ code: 'ESOCKET', originalCode: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'SMTP_CERTIFICATE', undefined],
  [{ code: 'ESOCKET', originalCode: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'SMTP_CERTIFICATE', undefined],
  [{ code: 'ETLS', command: 'STARTTLS', responseCode: 502 }, 'SMTP_TLS', undefined],
  [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, 'SMTP_UNREACHABLE', undefined],
  [{ code: 'ETIMEDOUT' }, 'SMTP_UNREACHABLE', undefined],
  [{ code: 'EPROTOCOL', responseCode: 554, response: '554 no service' }, 'SMTP_UNREACHABLE', undefined],
  [{}, 'SMTP_UNREACHABLE', undefined],
])('%j is %s', (fields, code, responseCode) => {
  const failure = mailFailure(told(fields), sending);
  expect(failure.code).toBe(code);
  expect((failure as { responseCode?: number }).responseCode).toBe(responseCode);
  expect((failure as { retryAfterMs?: unknown }).retryAfterMs).toBe(
    code === 'MAIL_DEFERRED' ? sending.deferral : undefined,
  );
});

it('says of a reply that was lost after the mail that it may have been delivered, and tries again but twice', () => {
  const lost = mailFailure(told({ code: 'ETIMEDOUT', message: 'Timeout' }), { ...sending, isWritten: true });
  expect(lost.sentence).toMatch(/^MAIL_REPLY_LOST: .*may have been delivered. Look for Message-ID <1@walmq>/);
  expect(lost).toMatchObject({ retryAfterMs: { ...sending.deferral, times: 2 } });
  const refused = { code: 'EMESSAGE', command: 'DATA', responseCode: 554, response: '554 spam' };
  expect(mailFailure(told(refused), { ...sending, isWritten: true }).code).toBe('MAIL_REFUSED');
});

it("keeps addresses out of a server's words, and makes them one short line", () => {
  const response = `550 5.1.1 <customer@example.com>: unknown\r\n550 see a.b@example.com ${'x'.repeat(500)}`;
  const { message } = mailFailure(
    told({ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, response }),
    sending,
  );
  expect(message).toMatch(
    /^the mail server refused the recipient \(550 5\.1\.1 <address>: unknown 550 see <address> x/,
  );
  expect(message.length).toBeLessThan(300);
});

/** Replies that the providers document: docs/guides/mail-providers.md has the sources. */
it.each([
  ['SES', 'EPROTOCOL', undefined, '421 Too many concurrent SMTP connections', 'MAIL_DEFERRED'],
  ['SES', 'EMESSAGE', 'DATA', '451 Temporary service failure', 'MAIL_DEFERRED'],
  ['SES', 'EMESSAGE', 'DATA', '454 Throttling failure: Maximum sending rate exceeded', 'MAIL_DEFERRED'],
  ['SES', 'EMESSAGE', 'DATA', '454 Throttling failure: Daily message quota exceeded', 'MAIL_DEFERRED'],
  ['SES', 'EAUTH', 'AUTH PLAIN', '535 Authentication Credentials Invalid', 'SMTP_LOGIN_REFUSED'],
  ['SES', 'EMESSAGE', 'DATA', '554 Message rejected: Email address is not verified.', 'MAIL_REFUSED'],
  ['SendGrid', 'EAUTH', 'AUTH PLAIN', '451 Authentication failed: Maximum credits exceeded', 'MAIL_DEFERRED'],
  ['SendGrid', 'EMESSAGE', 'DATA', '452 Too many recipients received this hour', 'MAIL_DEFERRED'],
  [
    'SendGrid',
    'EMESSAGE',
    'DATA',
    '403 You are not authorized to send from that email address',
    'SMTP_SENDER_REFUSED',
  ],
  ['SendGrid', 'EENVELOPE', 'RCPT TO', '550 Requested action not taken: mailbox unavailable', 'MAIL_REFUSED'],
  ['Gmail', 'EPROTOCOL', undefined, '421 4.7.0 Temporary System Problem. Try again later', 'MAIL_DEFERRED'],
  [
    'Gmail',
    'EENVELOPE',
    'RCPT TO',
    '450 4.2.1 Peak SMTP relay limit exceeded for customer.',
    'MAIL_DEFERRED',
  ],
  ['Gmail', 'EMESSAGE', 'DATA', '550 5.4.5 Daily SMTP relay limit exceeded for user.', 'MAIL_DEFERRED'],
  ['Gmail', 'EENVELOPE', 'RCPT TO', '550 5.4.5 Daily sending quota exceeded.', 'MAIL_DEFERRED'],
  ['Gmail', 'EMESSAGE', 'DATA', '550 5.7.1 Daily SMTP relay limit exceeded for customer.', 'MAIL_REFUSED'],
  ['Microsoft', 'EAUTH', 'AUTH LOGIN', '432 4.3.2 Concurrent connections limit exceeded.', 'MAIL_DEFERRED'],
  ['Microsoft', 'EMESSAGE', 'DATA', '554 5.2.2 mailbox full; STOREDRV.Submission', 'MAIL_REFUSED'],
  [
    'Microsoft',
    'EENVELOPE',
    'MAIL FROM',
    '550 5.2.252 Sender throttled due to continuous send as denied errors.',
    'SMTP_SENDER_REFUSED',
  ],
])('%s: %s after %s, "%s", is %s', (_, code, command, response, expected) => {
  const fields = { code, command, response, responseCode: Number(response.slice(0, 3)) };
  const failure = mailFailure(told(fields), sending);
  expect(failure.code).toBe(expected);
  expect('retryAfterMs' in failure).toBe(expected === 'MAIL_DEFERRED');
});
