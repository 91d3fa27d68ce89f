import { existsSync } from 'node:fs';
import { WalmqError } from '@walmq/change';
import { importDefault } from '@walmq/config';
import { payloadOf } from '../request/payload.js';
import { type EndpointConfig, webhooksSchema } from './define.js';
import type { WebhookEndpoint } from './endpoint.js';
import { endpointUrl } from './endpoint-url.js';
import { type Env, parseSecrets, readSource } from './secret.js';

/**
 * Loads the endpoints from the file at `path`, and their secrets from the places that it names. Throws
 * CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID with every mistake by its field, WEBHOOK_SECRET_MISSING
 * or WEBHOOK_SECRET_INVALID.
 */
export async function loadWebhooks(options: {
  readonly path: string;
  readonly env: Env;
}): Promise<WebhookEndpoint[]> {
  if (!existsSync(options.path))
    throw new WalmqError('CONFIG_MISSING', `there is no webhooks configuration at ${options.path}.`, {
      remedy: 'Create it with defineWebhooks({ endpoints: ... }), or set WALMQ_WEBHOOKS to its path.',
    });
  const parsed = webhooksSchema.safeParse(await importDefault(options.path));
  if (!parsed.success)
    throw invalid(
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(root)'}: ${message}`),
    );
  return await Promise.all(
    Object.entries(parsed.data.endpoints).map(([queue, config]) =>
      resolveEndpoint(queue, config, options.env),
    ),
  );
}

async function resolveEndpoint(queue: string, config: EndpointConfig, env: Env): Promise<WebhookEndpoint> {
  const url = typeof config.url === 'string' ? config.url : await readSource(config.url, env);
  const secrets = await Promise.all(config.secrets.map(source => readSource(source, env)));
  return {
    queue,
    url: parseUrl(url, `endpoints.${queue}.url`, config.allowHttp),
    keys: secrets.flatMap(text => parseSecrets(text, queue)),
    timeoutMs: config.timeoutMs,
    allowAddresses: config.allowAddresses,
    nameServers: config.nameServers,
    ca: config.ca && (await readSource(config.ca, env)),
    payload: config.payload ?? payloadOf,
    batch: config.batch,
  };
}

function parseUrl(text: string, field: string, allowHttp: boolean): URL {
  const url = endpointUrl(text, allowHttp);
  if (typeof url === 'string') throw invalid([`${field}: ${url}`]);
  return url;
}

function invalid(mistakes: readonly string[]): WalmqError {
  return new WalmqError(
    'CONFIG_INVALID',
    `the webhooks configuration has ${mistakes.length} mistake(s):\n${mistakes.map(line => `  ${line}`).join('\n')}`,
  );
}
