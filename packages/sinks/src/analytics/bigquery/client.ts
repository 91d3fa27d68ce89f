import { WalmqError } from '@walmq/change';
import { credentialsFailure } from './failure.js';

/** The part of `BigQuery` of `@google-cloud/bigquery` that the sink uses. */
export interface BigqueryClient {
  readonly authClient: { getAccessToken(): Promise<unknown> };
  request(
    request: {
      readonly method: string;
      readonly uri: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    },
    callback: (error: Error | null, body?: unknown) => void,
  ): void;
  query(options: { readonly query: string; readonly location?: string }): Promise<unknown>;
}

export interface BigqueryModule {
  readonly BigQuery: new (options: Record<string, unknown>) => BigqueryClient;
}

/** Where BigQuery is, and as whom to write to it. */
export interface BigqueryConnection {
  /** Default: the project of the credentials. */
  readonly projectId?: string;
  /** A file with credentials. Default: Google's Application Default Credentials. */
  readonly keyFilename?: string;
  /** Another address of the API: a private endpoint, or an emulator. An `http:` address gets no check of credentials. */
  readonly apiEndpoint?: string;
}

/** An optional package: only this sink needs it. Rejects with SINK_NOT_INSTALLED. */
export async function loadBigquery(): Promise<BigqueryModule> {
  return await import('@google-cloud/bigquery').catch((cause: unknown) => {
    if (!/MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new WalmqError('SINK_NOT_INSTALLED', 'the client of BigQuery is not installed.', {
      remedy: 'Run "npm install @google-cloud/bigquery".',
      cause,
    });
  });
}

/** Rejects with SINK_CREDENTIALS if there are no credentials that Google accepts. */
export async function openClient(
  { BigQuery }: BigqueryModule,
  { projectId, keyFilename, apiEndpoint }: BigqueryConnection,
): Promise<BigqueryClient> {
  const client = new BigQuery({
    projectId,
    keyFilename,
    apiEndpoint,
    userAgent: 'walmq',
    // The queue's retries do it: they wait without a worker, stop at the deadline, and are seen in the metrics.
    autoRetry: false,
  });
  if (apiEndpoint?.startsWith('http:')) return client;
  try {
    await client.authClient.getAccessToken();
  } catch (error) {
    throw credentialsFailure(error);
  }
  return client;
}

/**
 * One request with the body as it stands. The client's `table.insert` would replace the text `{{projectId}}` inside rows, copy
 * all rows, and put them into its errors.
 */
export function post(client: BigqueryClient, uri: string, body: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  return new Promise((resolve, reject) =>
    client.request({ method: 'POST', uri, headers, body }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    ),
  );
}
