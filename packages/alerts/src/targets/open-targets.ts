import { didYouMean, WalmqError, withoutStop } from '@walmq/change';
import type { AlertsConfig, AlertTargetConfig } from '@walmq/config';
import { ALERT_CODES } from '@walmq/operations';
import {
  type Env,
  endpointUrl,
  isNameServer,
  isRange,
  type PostOptions,
  parseSecrets,
  readSource,
} from '@walmq/sinks/post';
import { mailTarget } from './mail-target.js';
import { slackTarget, webhookTarget } from './post-target.js';
import type { Target } from './target.js';

/**
 * The targets of a configuration, with their URLs and secrets from the places that it names. Throws CONFIG_INVALID,
 * WEBHOOK_SECRET_MISSING or WEBHOOK_SECRET_INVALID.
 */
export async function openTargets(alerts: AlertsConfig, env: Env): Promise<Target[]> {
  const { targets } = alerts;
  checkCodes(alerts);
  return await Promise.all(Object.entries(targets).map(([name, target]) => openTarget(name, target, env)));
}

/** A code that no verdict has would be muted without effect. */
function checkCodes({ mute, holdSecondsOf, targets }: AlertsConfig): void {
  const named: (readonly [field: string, code: string])[] = [
    ...mute.map(code => ['mute', code] as const),
    ...Object.keys(holdSecondsOf).map(code => ['holdSecondsOf', code] as const),
    ...Object.entries(targets).flatMap(([name, target]) =>
      target.mute.map(code => [`targets.${name}.mute`, code] as const),
    ),
  ];
  for (const [field, code] of named)
    if (!ALERT_CODES.includes(code))
      throw invalid(
        withoutStop(`alerts.${field}: "${code}" is no code of a verdict.${didYouMean(code, ALERT_CODES)}`),
      );
}

async function openTarget(name: string, target: AlertTargetConfig, env: Env): Promise<Target> {
  switch (target.type) {
    case 'slack':
      return slackTarget(name, await postOptions(name, target, env));
    case 'webhook': {
      const secrets = await Promise.all(target.secrets.map(source => readSource(source, env)));
      const keys = secrets.flatMap(text => parseSecrets(text, `alerts.targets.${name}`));
      return webhookTarget(name, { ...(await postOptions(name, target, env)), keys });
    }
    case 'mail':
      return mailTarget(name, {
        smtpUrl: smtpUrlOf(name, await readSource(target.smtpUrl, env)),
        from: target.from,
        to: target.to,
        timeoutMs: target.timeoutMs,
        ca: target.ca && (await readSource(target.ca, env)),
      });
  }
}

async function postOptions(
  name: string,
  target: Exclude<AlertTargetConfig, { readonly type: 'mail' }>,
  env: Env,
): Promise<PostOptions> {
  const field = `alerts.targets.${name}`;
  const { allowAddresses, nameServers } = target;
  const mistakes = [
    ...allowAddresses
      .filter(text => !isRange(text))
      .map(() => `${field}.allowAddresses: must be ranges such as 10.1.0.0/16`),
    ...nameServers
      .filter(text => !isNameServer(text))
      .map(() => `${field}.nameServers: must be addresses such as 10.0.0.2`),
  ];
  if (mistakes[0] !== undefined) throw invalid(mistakes[0]);
  const text = typeof target.url === 'string' ? target.url : await readSource(target.url, env);
  const url = endpointUrl(text, target.allowHttp);
  if (typeof url === 'string') throw invalid(`${field}.url: ${url}`);
  return {
    url,
    allowAddresses,
    nameServers,
    timeoutMs: target.timeoutMs,
    ca: target.ca && (await readSource(target.ca, env)),
  };
}

/** Reports a mistake without the URL, which has a password. */
function smtpUrlOf(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^smtps?:$/.test(url.protocol) && url.hostname) return text;
  throw invalid(`alerts.targets.${name}.smtpUrl: must be an smtp:// or smtps:// URL`);
}

function invalid(mistake: string): WalmqError {
  return new WalmqError('CONFIG_INVALID', `the alerts of the configuration have a mistake: ${mistake}.`);
}
