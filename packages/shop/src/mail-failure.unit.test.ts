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
