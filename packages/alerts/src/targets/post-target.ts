import { WalmqError } from '@walmq/change';
import { type AlertMessage, alertLines, type RenderedAlert } from '@walmq/operations';
import { createPost, type PostOptions, sign, verdictOf } from '@walmq/sinks/post';
import type { Target } from './target.js';

/** Posts what Slack's incoming webhooks take; Mattermost, Rocket.Chat and others take it too. */
export function slackTarget(name: string, options: PostOptions): Target {
  const post = poster(options);
  return {
    name,
    send: async (message, rendered) => {
      const text = [`*${escaped(rendered.title)}*`, ...alertLines(rendered, message.kind).map(escaped)].join(
        '\n',
      );
      await post(JSON.stringify({ text }), {});
    },
  };
}

/** As Slack requires: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Posts a signed message by the Standard Webhooks specification. */
export function webhookTarget(
  name: string,
  { keys, ...options }: PostOptions & { readonly keys: readonly Buffer[] },
): Target {
  const post = poster(options);
  return {
    name,
    send: async (message, rendered) => {
      const body = JSON.stringify(payloadOf(message, rendered));
      await post(body, { ...sign({ id: `msg_${message.id}`, atMs: Date.now(), body, keys }) });
    },
  };
}

/** The same bytes at every attempt. */
function payloadOf(message: AlertMessage, rendered: RenderedAlert): object {
  const { kind, code, severity, queue, atMs } = message;
  return {
    type: `walmq.alert.${kind}`,
    timestamp: new Date(atMs).toISOString(),
    data: { code, severity, queue, ...rendered },
  };
}

function poster(options: PostOptions) {
  const post = createPost(options);
  return async (body: string, headers: Readonly<Record<string, string>>): Promise<void> => {
    const answer = await post({
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'walmq', ...headers },
      signal: new AbortController().signal,
    });
    const verdict = verdictOf(answer, Date.now());
    if (verdict.kind === 'delivered') return;
    const reason = verdict.kind === 'failed' ? verdict.reason : `answered ${answer.status}`;
    throw new WalmqError('WEBHOOK_REFUSED', `the endpoint ${reason}.`);
  };
}
