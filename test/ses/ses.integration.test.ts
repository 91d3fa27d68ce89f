import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSesMailer } from '../../packages/shop/src/mail.js';
import type { SesModule } from '../../packages/shop/src/ses/client.js';

const MAIL = {
  to: 'customer@example.com',
  subject: 'Order 1',
  content: { heading: 'Thank you', blocks: [] },
  messageId: '<1@walmq>',
};

/** The real client, which this folder installs. Its server is a stand-in that answers as SES's reference describes. */
describe("SES's API, on a stand-in", () => {
  const load = async () => (await import('@aws-sdk/client-sesv2' as string)) as SesModule;
  const seen: { method: string; path: string; authorization: string; body: Record<string, unknown> }[] = [];
  let answer: (response: http.ServerResponse) => void;
  let server: http.Server;
  let url: string;
  beforeAll(() => {
    if (!existsSync(join(import.meta.dirname, 'node_modules')))
      execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'pipe' });
  }, 300_000);
  beforeEach(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    seen.length = 0;
    answer = response => response.end(JSON.stringify({ MessageId: 'of-ses' }));
    server = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { method = '', url: path = '', headers } = request;
      seen.push({ method, path, authorization: headers.authorization ?? '', body: JSON.parse(body) });
      response.setHeader('content-type', 'application/json');
      answer(response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `ses://eu-central-1?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const send = async (smtpUrl = url) => {
    const mailer = await createSesMailer({ smtpUrl, from: 'Shop <shop@example.com>', answerMs: 2000 }, load);
    try {
      await mailer.send(MAIL, new AbortController().signal);
    } finally {
      mailer.close();
    }
  };

  it('sends the whole mail as one signed request', async () => {
    await send();
    expect(seen).toMatchObject([
      {
        method: 'POST',
        path: '/v2/email/outbound-emails',
        authorization: expect.stringContaining('/eu-central-1/ses/aws4_request'),
        body: {
          FromEmailAddress: 'Shop <shop@example.com>',
          Destination: { ToAddresses: ['customer@example.com'] },
        },
      },
    ]);
    const [request] = seen as [(typeof seen)[number]];
    const { Content } = request.body as { Content: { Raw: { Data: string } } };
    const mail = String(Buffer.from(Content.Raw.Data, 'base64'));
    expect(mail).toContain('Message-ID: <1@walmq>');
    expect(mail).toContain('Subject: Order 1');
    expect(mail).toContain('Auto-Submitted: auto-generated');
  });

  it.each([
    [400, 'MessageRejected', 'MAIL_REFUSED'],
    [429, 'TooManyRequestsException', 'MAIL_DEFERRED'],
    [400, 'MailFromDomainNotVerifiedException', 'SMTP_SENDER_REFUSED'],
    [403, 'UnrecognizedClientException', 'SMTP_LOGIN_REFUSED'],
    [503, 'ServiceUnavailable', 'MAIL_DEFERRED'],
  ])('asks once, and rejects by a code: %i %s', async (status, name, code) => {
    answer = response => {
      response.writeHead(status, { 'x-amzn-errortype': name });
      response.end(JSON.stringify({ message: 'customer@example.com is wrong' }));
    };
    const error = await send().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('example.com');
    expect(seen).toHaveLength(1);
  });

  it('says of a lost answer that the mail may have been sent, and asks once', async () => {
    answer = response => response.destroy();
    await expect(send()).rejects.toMatchObject({ code: 'MAIL_REPLY_LOST' });
    expect(seen).toHaveLength(1);
    answer = () => {};
    await expect(send()).rejects.toMatchObject({ code: 'MAIL_REPLY_LOST' });
    expect(seen).toHaveLength(2);
    await expect(send('ses://eu-central-1?endpoint=http://127.0.0.1:9')).rejects.toMatchObject({
      code: 'SMTP_UNREACHABLE',
    });
  });
});
