import { expect, it } from 'vitest';
import { sesFailure } from './failure.js';

const sending = { isWritten: true, messageId: '<1@walmq>', deferral: { firstMs: 60_000, maxMs: 14_400_000 } };
const thrown = (name: string, fields: object = {}) =>
  Object.assign(new Error('a@example.com is wrong'), { name, ...fields });
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

it.each([
  [thrown('TooManyRequestsException', status(429)), 'MAIL_DEFERRED'],
  [thrown('ThrottlingException', status(400)), 'MAIL_DEFERRED'],
  [thrown('LimitExceededException', status(400)), 'MAIL_DEFERRED'],
  [thrown('InternalFailure', status(500)), 'MAIL_DEFERRED'],
  [thrown('MessageRejected', status(400)), 'MAIL_REFUSED'],
  [thrown('BadRequestException', status(400)), 'MAIL_REFUSED'],
  [thrown('ValidationException', status(400)), 'MAIL_REFUSED'],
  [thrown('MailFromDomainNotVerifiedException', status(400)), 'SMTP_SENDER_REFUSED'],
  [thrown('SendingPausedException', status(400)), 'SMTP_SENDER_REFUSED'],
  [thrown('AccountSuspendedException', status(400)), 'SMTP_SENDER_REFUSED'],
  [thrown('InvalidClientTokenId', status(403)), 'SMTP_LOGIN_REFUSED'],
  [thrown('CredentialsProviderError'), 'SMTP_LOGIN_REFUSED'],
  [thrown('Error', { code: 'ECONNREFUSED' }), 'SMTP_UNREACHABLE'],
  [thrown('TimeoutError'), 'MAIL_REPLY_LOST'],
  [thrown('Error', { code: 'ECONNRESET' }), 'MAIL_REPLY_LOST'],
])('%s is %s', (error, code) => {
  const failure = sesFailure(error, sending);
  expect(failure.code).toBe(code);
  expect(failure.message).not.toContain('example.com');
});
