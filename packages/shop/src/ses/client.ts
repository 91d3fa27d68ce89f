import { ShopError } from '../shop-error.js';

/** The part of `@aws-sdk/client-sesv2` that the mailer uses. */
export interface SesModule {
  readonly SESv2Client: new (options: Record<string, unknown>) => SesClient;
  readonly SendEmailCommand: new (input: never) => unknown;
}

export interface SesClient {
  send(command: unknown): Promise<{ readonly MessageId?: string }>;
  destroy(): void;
}

/** An optional package: only mail by SES needs it. Rejects with SES_NOT_INSTALLED. */
export async function loadSes(): Promise<SesModule> {
  return await import('@aws-sdk/client-sesv2').catch((cause: unknown) => {
    if (!/MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new ShopError(
      'SES_NOT_INSTALLED',
      'SMTP_URL is ses://, and the client of Amazon SES is not installed.',
      {
        remedy: 'Run "npm install @aws-sdk/client-sesv2", or set SMTP_URL to the SMTP server of SES.',
        cause,
      },
    );
  });
}

/** Of `ses://eu-central-1`; `?endpoint=https://...` names another address of the API. */
export function openClient({ SESv2Client }: SesModule, sesUrl: string, answerMs: number): SesClient {
  const { hostname, searchParams } = new URL(sesUrl);
  const endpoint = searchParams.get('endpoint');
  return new SESv2Client({
    region: hostname,
    ...(endpoint === null ? {} : { endpoint }),
    // A second attempt of the client after a lost answer would send a second mail.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 60_000, requestTimeout: answerMs, throwOnRequestTimeout: true },
  });
}
