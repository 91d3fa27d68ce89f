import { mailFailure, type Told } from '../mail-failure.js';
import type { ShopError } from '../shop-error.js';

/** Exceptions of SES as the SMTP replies that mean the same. https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html */
const REPLIES: ReadonlyMap<string, Pick<Told, 'code' | 'command' | 'responseCode'>> = new Map([
  ...named(['TooManyRequestsException', 'ThrottlingException', 'LimitExceededException'], {
    code: 'EMESSAGE',
    responseCode: 454,
  }),
  ...named(
    [
      'MailFromDomainNotVerifiedException',
      'AccountSuspendedException',
      'SendingPausedException',
      'NotFoundException',
    ],
    { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550 },
  ),
  ...named(['MessageRejected', 'BadRequestException'], { code: 'EMESSAGE', responseCode: 554 }),
  ...named(['CredentialsProviderError', 'TokenProviderError'], { code: 'EAUTH', responseCode: 535 }),
]);

/** No connection was made. */
const UNSENT = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/** An error of the SDK. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * As `mailFailure`. Without an answer of SES, the mail may have been sent, unless no connection was made. The error's Message-ID is
 * the shop's: SES gives the mail one of its own.
 */
export function sesFailure(error: SdkError, sending: Parameters<typeof mailFailure>[1]): ShopError {
  const { name, message, code } = error;
  const reply = REPLIES.get(name) ?? replyOfStatus(error.$metadata?.httpStatusCode);
  if (reply)
    return mailFailure(
      Object.assign(new Error(message), reply, { response: `${name}: ${message}` }),
      sending,
    );
  const isWritten = sending.isWritten && !UNSENT.test(code ?? '');
  return mailFailure(Object.assign(new Error(message), { code: 'ESOCKET' }), { ...sending, isWritten });
}

function replyOfStatus(status: number | undefined): Pick<Told, 'code' | 'responseCode'> | undefined {
  if (status === undefined || status < 400) return undefined;
  if (status === 401 || status === 403) return { code: 'EAUTH', responseCode: 535 };
  return { code: 'EMESSAGE', responseCode: status === 429 || status >= 500 ? 451 : 554 };
}

function named<T>(names: readonly string[], reply: T): [string, T][] {
  return names.map(name => [name, reply]);
}
