import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOGIN, MailServer } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MAIL_VARIABLES, openMailer } from '../src/open-mailer.js';

describe('openMailer', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-mailer-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const environment = { smtpUrl: 'smtp://localhost', WALMQ_MAIL_FROM: 'shop@example.com' };

  it('trusts the authority whose file is named', async () => {
    await using server = await MailServer.start({ tls: 'always', needsLogin: true });
    const caPath = join(folder, 'ca.pem');
    await writeFile(caPath, server.ca as string);
    const mailer = await openMailer({
      ...environment,
      smtpUrl: server.url(LOGIN),
      WALMQ_SMTP_CA: caPath,
    });
    const content = { heading: 'Hello', blocks: [] };
    await mailer.send(
      { to: 'a@example.com', subject: 'Hello', content, messageId: '<a@walmq>' },
      new AbortController().signal,
    );
    mailer.close();
    expect(server.taken).toHaveLength(1);
  });

  it('says which file it cannot read', async () => {
    const caPath = join(folder, 'nowhere.pem');
    await expect(openMailer({ ...environment, WALMQ_SMTP_CA: caPath })).rejects.toMatchObject({
      code: 'SMTP_CA_UNREADABLE',
      message: expect.stringContaining(caPath) as string,
    });
  });
});

describe('MAIL_VARIABLES', () => {
  const read = (environment: Record<string, string>) => z.object(MAIL_VARIABLES).safeParse(environment);

  it('has a sender and no limit by default', () => {
    expect(read({}).data).toEqual({ WALMQ_MAIL_FROM: 'shop@example.com' });
  });

  it.each([
    [{ WALMQ_MAIL_FROM: 'Shop <shop@example.com>', WALMQ_MAILS_PER_SECOND: '14' }, true],
    [{ WALMQ_MAIL_FROM: 'Shop' }, false],
    [{ WALMQ_MAILS_PER_SECOND: '0' }, false],
    [{ WALMQ_MAILS_PER_SECOND: '0.5' }, false],
    [{ WALMQ_MAILS_PER_SECOND: 'many' }, false],
  ])('%j: %s', (environment, isRight) => {
    expect(read(environment).success).toBe(isRight);
  });
});
