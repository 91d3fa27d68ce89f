import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRET } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWebhooks } from '../src/webhooks/configure/load.js';

const OTHER = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

describe('loadWebhooks', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-webhooks-'));
    await writeFile(join(folder, 'secret'), `${OTHER}\n`);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const load = async (endpoint: object, env: Record<string, string> = { SECRET }) => {
    const path = join(folder, 'walmq.webhooks.ts');
    await writeFile(path, `export default ${JSON.stringify({ endpoints: { crm: endpoint } })};`);
    return await loadWebhooks({ path, env });
  };
  const given = { url: 'https://example.com/hook', secrets: [{ env: 'SECRET' }] };

  it('takes secrets from the environment and from files, several of them from one place', async () => {
    const secrets = [{ env: 'SECRET' }, { file: join(folder, 'secret') }];
    const [endpoint] = await load({ ...given, secrets }, { SECRET: `${SECRET} ${OTHER}` });
    expect(endpoint).toMatchObject({ queue: 'crm', timeoutMs: 15_000, allowAddresses: [], ca: undefined });
    expect(endpoint?.url.href).toBe('https://example.com/hook');
    expect(endpoint?.keys).toEqual([Buffer.alloc(24, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 2)]);
  });

  it('takes batches with a limit of their bytes', async () => {
    const [endpoint] = await load({ ...given, batch: { size: 10, waitMs: 5 } });
    expect(endpoint?.batch).toEqual({ size: 10, waitMs: 5, maxBytes: 1_000_000 });
    expect((await load(given))[0]?.batch).toBeUndefined();
  });

  it('takes a URL from where a secret may be', async () => {
    const [endpoint] = await load(
      { ...given, url: { env: 'URL' } },
      { SECRET, URL: 'https://h.example/t0ken' },
    );
    expect(endpoint?.url.href).toBe('https://h.example/t0ken');
  });

  it.each([
    [
      'a secret in the file',
      { ...given, secrets: [SECRET] },
      'endpoints.crm.secrets.0: must be { env: "NAME" }',
    ],
    ['no secret', { ...given, secrets: [] }, 'endpoints.crm.secrets: must name at least one place'],
    [
      'plain http',
      { ...given, url: 'http://example.com' },
      'must be an https:// URL, or set allowHttp: true',
    ],
    ['a password', { ...given, url: 'https://u:hidden@example.com' }, 'must hold no user and no password'],
    ['no range', { ...given, allowAddresses: ['10.1'] }, 'must be a range such as 10.1.0.0/16'],
    ['an unknown field', { ...given, retries: 3 }, 'retries'],
    ['no changes in a batch', { ...given, batch: { size: 0, waitMs: 5 } }, 'endpoints.crm.batch.size: '],
    ['a batch without a wait', { ...given, batch: { size: 10 } }, 'endpoints.crm.batch.waitMs: '],
    ['a long wait', { ...given, batch: { size: 10, waitMs: 1001 } }, 'endpoints.crm.batch.waitMs: '],
    [
      'a small body',
      { ...given, batch: { size: 10, waitMs: 5, maxBytes: 10 } },
      'endpoints.crm.batch.maxBytes: ',
    ],
  ])('refuses %s, and says where', async (_, endpoint, message) => {
    const error = await load(endpoint).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message) as string,
    });
    expect(String(error)).not.toMatch(/hidden|whsec_\w/);
  });

  it.each([
    ['WEBHOOK_SECRET_MISSING', {}],
    ['WEBHOOK_SECRET_INVALID', { SECRET: 'whsec_tooshort' }],
    ['WEBHOOK_SECRET_INVALID', { SECRET: 'a password' }],
  ])('%s when the environment is %j', async (code, env) => {
    await expect(load(given, env)).rejects.toMatchObject({ code });
  });

  it('says how to begin where there is no file', async () => {
    await expect(loadWebhooks({ path: join(folder, 'none.ts'), env: {} })).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      remedy: expect.stringContaining('WALMQ_WEBHOOKS') as string,
    });
  });
});
