import { readFile } from 'node:fs/promises';
import { WalmqError } from '@walmq/change';
import type { SecretSource } from '@walmq/config';

export type Env = Readonly<Record<string, string | undefined>>;

/** The text at a source, trimmed. Throws WEBHOOK_SECRET_MISSING, never with the text. */
export async function readSource(source: SecretSource, env: Env): Promise<string> {
  const place = 'env' in source ? `the environment variable ${source.env}` : `the file ${source.file}`;
  const text = 'env' in source ? env[source.env] : await readFile(source.file, 'utf8').catch(() => undefined);
  if (text?.trim()) return text.trim();
  throw new WalmqError('WEBHOOK_SECRET_MISSING', `${place} is missing or empty.`, {
    remedy: 'Set it, or name another place in the configuration.',
  });
}

/** Standard Webhooks requires 24 to 64 bytes. */
const SECRET_BYTES = { min: 24, max: 64 };
const SECRET_FORM = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * The keys in a text of one or more `whsec_...`, separated by spaces. With two keys, receivers change from
 * one to the other at any time. Throws WEBHOOK_SECRET_INVALID.
 */
export function parseSecrets(text: string, endpoint: string): Buffer[] {
  return text.split(/\s+/).map(secret => {
    const encoded = SECRET_FORM.exec(secret)?.[1];
    const key = Buffer.from(encoded ?? '', 'base64');
    if (encoded && key.length >= SECRET_BYTES.min && key.length <= SECRET_BYTES.max) return key;
    throw new WalmqError(
      'WEBHOOK_SECRET_INVALID',
      `a secret of endpoint "${endpoint}" is not whsec_ and the base64 of 24 to 64 bytes.`,
      { remedy: 'Make one: echo "whsec_$(openssl rand -base64 32)"' },
    );
  });
}
