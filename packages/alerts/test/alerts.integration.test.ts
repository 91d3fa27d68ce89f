import { parseConfig, resolveConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import type { PipelineStatus, Verdict } from '@walmq/operations';
import { WELL } from '@walmq/operations/status-fixture';
import { logInto } from '@walmq/runtime';
import { MailServer, Receiver, SECRET } from '@walmq/testing';
import { Redis } from 'ioredis';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTargets } from '../src/targets/open-targets.js';
import { testTargets } from '../src/targets/test-targets.js';
import { placeOf, Watcher } from '../src/watch/watcher.js';

let server: EmbeddedRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  redis.on('error', () => undefined);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

type AlertsInput = NonNullable<WalmqConfigInput['alerts']>;

const LOCAL = { allowHttp: true, allowAddresses: ['127.0.0.0/8', '::1/128'] };
const DOWN: Verdict = {
  code: 'CAPTURE_DOWN',
  severity: 'error',
  sentence: 'No capture runs; <WAL> piles up.',
  remedy: 'Start it.',
};
const NO_DATABASE = new Error('DATABASE_URL is not set');

function configOf(slot: string, alerts: AlertsInput): WalmqConfig {
  return resolveConfig(
    parseConfig(
      {
        source: { slot },
        queues: { orders: { table: 'orders' } },
        alerts: { holdSeconds: 0, overAfterSeconds: 0, ...alerts },
      },
      slot,
    ),
  );
}

async function watcherOf(slot: string, input: AlertsInput, env: Record<string, string> = {}) {
  const config = configOf(slot, input);
  const { alerts } = config;
  if (!alerts) return expect.unreachable('no alerts');
  const targets = await openTargets(alerts, env);
  const log = logInto(() => undefined);
  return {
    targets,
    place: placeOf({ config, alerts }),
    watcher: new Watcher({ config, alerts, targets, log, database: NO_DATABASE }),
  };
}

const status = (...verdicts: Verdict[]): PipelineStatus => ({ ...WELL, verdicts });
const away = (...verdicts: Verdict[]): PipelineStatus => ({
  ...WELL,
  redis: { reachable: false, reason: 'it is away.', remedy: 'Start it.' },
  verdicts: [
    {
      code: 'REDIS_UNREACHABLE',
      severity: 'error',
      sentence: 'Redis cannot be reached.',
      remedy: 'Start it.',
    },
    ...verdicts,
  ],
});

describe('what arrives', () => {
  it('is a text for Slack, with a link to the dashboard and the runbook, and nothing that Slack would interpret', async () => {
    await using receiver = await Receiver.start();
    const { watcher } = await watcherOf(
      'slack',
      {
        dashboardUrl: 'https://ops.example.com/walmq/',
        pipeline: 'shop',
        targets: { ops: { type: 'slack', url: { env: 'SLACK_URL' }, ...LOCAL } },
      },
      { SLACK_URL: receiver.url },
    );
    expect(await watcher.tell(status(DOWN), redis)).toEqual({ leads: true, sent: 1, failures: [] });
    const [request] = receiver.received;
    const { text } = JSON.parse(request?.body ?? '') as { text: string };
    expect(text.split('\n')).toEqual([
      '*[shop] Problem: CAPTURE_DOWN*',
      'No capture runs; &lt;WAL&gt; piles up.',
      'What to do: Start it.',
      expect.stringMatching(/^Since 20/),
      'Dashboard: https://ops.example.com/walmq/',
      'Runbook: https://ops.example.com/walmq/runbook#CAPTURE_DOWN',
    ]);
    await watcher.tell(status(), redis);
    expect(JSON.parse(receiver.received[1]?.body ?? '')).toMatchObject({
      text: expect.stringContaining('Over: CAPTURE_DOWN'),
    });
  });

  it('is a signed webhook, with the same id at each attempt', async () => {
    await using receiver = await Receiver.start({ tls: true });
    const { watcher } = await watcherOf(
      'signed',
      {
        targets: {
          pager: {
            type: 'webhook',
            url: receiver.url,
            secrets: [{ env: 'SECRET' }],
            ca: { env: 'CA' },
            ...LOCAL,
          },
        },
      },
      { SECRET, CA: receiver.ca as string },
    );
    await watcher.tell(status(DOWN), redis);
    const [request] = receiver.received;
    if (!request) return expect.unreachable('nothing arrived');
    expect(new Webhook(SECRET).verify(request.body, request.headers)).toMatchObject({
      type: 'walmq.alert.problem',
      data: { code: 'CAPTURE_DOWN', severity: 'error', remedy: 'Start it.', dashboardUrl: null },
    });
  });

  it('is a mail', async () => {
    await using mail = await MailServer.start();
    const { watcher } = await watcherOf(
      'mailed',
      {
        targets: {
          team: { type: 'mail', to: ['a@example.com', 'b@example.com'], from: 'walmq <walmq@example.com>' },
        },
      },
      { SMTP_URL: mail.url() },
    );
    await watcher.tell(status(DOWN), redis);
    const [taken] = mail.taken;
    expect(taken?.recipients).toEqual(['a@example.com', 'b@example.com']);
    expect(taken?.raw).toContain('Subject: [mailed] Problem: CAPTURE_DOWN');
    expect(taken?.raw).toContain('What to do: Start it.');
    expect(taken?.raw).toContain('docs/reference/errors.md#CAPTURE_DOWN');
  });
});

describe('several watchers', () => {
  it('send each message once, and another takes over when one has gone', async () => {
    await using receiver = await Receiver.start();
    const input: AlertsInput = { targets: { ops: { type: 'slack', url: receiver.url, ...LOCAL } } };
    const [one, other] = [await watcherOf('two', input), await watcherOf('two', input)];
    const looks = await Promise.all([one, other].map(({ watcher }) => watcher.tell(status(DOWN), redis)));
    expect(looks.map(({ leads }) => leads).sort()).toEqual([false, true]);
    expect(receiver.received).toHaveLength(1);
    await Promise.all([one, other].map(({ watcher }) => watcher.close(redis)));
    // A new process, after a restart: it knows what was told.
    const next = await watcherOf('two', input);
    expect(await next.watcher.tell(status(DOWN), redis)).toEqual({ leads: true, sent: 0, failures: [] });
    await next.watcher.tell(status(), redis);
    expect(receiver.received).toHaveLength(2);
  });

  it('do not send what another one has begun to send since', async () => {
    await using receiver = await Receiver.start();
    const input: AlertsInput = { targets: { ops: { type: 'slack', url: receiver.url, ...LOCAL } } };
    const [slow, fast] = [await watcherOf('fenced', input), await watcherOf('fenced', input)];
    await slow.watcher.tell(status(), redis);
    // Its lease has ended, as after a long pause of the process, and the other one leads.
    await redis.del('bull:walmq:alerts-lease:fenced');
    expect((await fast.watcher.tell(status(DOWN), redis)).sent).toBe(1);
    expect((await slow.watcher.tell(status(DOWN), redis)).leads).toBe(false);
    expect(receiver.received).toHaveLength(1);
  });

  it('tell that Redis is away, once, and go on when it is back', async () => {
    await using receiver = await Receiver.start();
    const { watcher } = await watcherOf('away', {
      targets: { ops: { type: 'slack', url: receiver.url, ...LOCAL } },
    });
    await watcher.tell(status(DOWN), redis);
    await watcher.tell(away(), new Error('away'));
    await watcher.tell(away(), new Error('away'));
    await watcher.tell(status(DOWN), redis);
    await watcher.tell(status(DOWN), redis);
    const titles = receiver.received.map(({ body }) => /\] (.*?)\*/.exec(body)?.[1]);
    expect(titles).toEqual([
      'Problem: CAPTURE_DOWN',
      'Problem: REDIS_UNREACHABLE',
      'Over: REDIS_UNREACHABLE',
    ]);
  });
});

describe('a target that fails', () => {
  it('holds up no other, is tried again, and says why', async () => {
    await using broken = await Receiver.start();
    await using well = await Receiver.start();
    broken.reply = () => ({ status: 500 });
    const { watcher } = await watcherOf('failing', {
      targets: {
        broken: { type: 'slack', url: broken.url, ...LOCAL },
        well: { type: 'slack', url: well.url, ...LOCAL },
      },
    });
    expect(await watcher.tell(status(DOWN), redis)).toEqual({
      leads: true,
      sent: 1,
      failures: [{ target: 'broken', error: 'the endpoint answered 500.' }],
    });
    expect(well.received).toHaveLength(1);
    const kept = JSON.parse((await redis.get('bull:walmq:alerts:failing')) ?? '') as {
      outbox: { target: string; attempts: number }[];
    };
    expect(kept.outbox).toMatchObject([{ target: 'broken', attempts: 1 }]);
  });

  it('is shown by a test message, with a sentence', async () => {
    await using receiver = await Receiver.start();
    await using mail = await MailServer.start();
    mail.refused = { recipient: { code: 550, text: 'no such user' } };
    const { targets, place } = await watcherOf(
      'tested',
      {
        targets: {
          ops: { type: 'slack', url: receiver.url, ...LOCAL },
          inside: { type: 'slack', url: receiver.url, allowHttp: true },
          team: { type: 'mail', to: ['a@example.com'], from: 'walmq@example.com' },
        },
      },
      { SMTP_URL: mail.url() },
    );
    const tested = await testTargets(targets, place);
    expect(tested).toEqual([
      { target: 'ops', error: null },
      { target: 'inside', error: 'localhost is not a public address.' },
      {
        target: 'team',
        error: expect.stringMatching(/^the mail server did not take the mail: .*550 no such user/),
      },
    ]);
  });
});

describe('a mistake in the configuration', () => {
  it.each<[AlertsInput, string]>([
    [
      { targets: { ops: { type: 'slack', url: 'http://hooks.example.com/T0/secret' } } },
      'alerts.targets.ops.url: must be an https:// URL',
    ],
    [
      { targets: { ops: { type: 'slack', url: { env: 'NOT_SET' } } } },
      'the environment variable NOT_SET is missing',
    ],
    [
      { mute: ['CAPTURE_DWON'], targets: { ops: { type: 'slack', url: 'https://x.example.com' } } },
      'Did you mean "CAPTURE_DOWN"?',
    ],
    [
      { targets: { team: { type: 'mail', to: ['a@example.com'], from: 'b@example.com' } } },
      'the environment variable SMTP_URL is missing',
    ],
  ])('is told without a secret: %j', async (alerts, sentence) => {
    const opened = watcherOf('mistaken', alerts);
    await expect(opened).rejects.toThrow(sentence);
    await expect(opened).rejects.not.toThrow('T0/secret');
  });
});
