import { type PipelineStatus, verdicts } from '@walmq/operations';
import { maySeeRows } from '../access/users.js';
import { type Html, html } from '../html.js';
import type { Viewer } from '../page/viewer.js';
import { clock } from './format.js';
import type { Observation } from './observer.js';
import { renderBackfills } from './render-backfills.js';
import { renderFailures } from './render-failures.js';
import { renderOthers } from './render-others.js';
import { renderQueues } from './render-queues.js';
import { renderStages } from './render-stages.js';
import { headline, renderVerdicts } from './render-verdicts.js';

/** The parts of the page that update, by the id of their element. */
export const PARTS = [
  'verdicts',
  'stages',
  'queues',
  'backfills',
  'failures',
  'as-of',
  'announcement',
] as const;
type Part = (typeof PARTS)[number];
export type RenderedStatus = Readonly<Record<Part, string>>;

/** One observation as markup for a viewer. */
export function renderStatus(
  { status: whole, failures, history }: Observation,
  viewer: Pick<Viewer, 'identity' | 'basePath'>,
): RenderedStatus {
  const status = maySeeRows(viewer.identity) ? whole : withoutPausedKeys(whole);
  const serious = status.verdicts.filter(({ severity }) => severity !== 'info');
  const parts: Record<Part, Html> = {
    verdicts: renderVerdicts(status, viewer),
    stages: renderStages(status, history),
    queues: renderQueues(status, { history, viewer }),
    backfills: html`${renderBackfills(status)}${renderOthers(status)}`,
    failures: renderFailures(failures, viewer),
    'as-of': html`As of <time datetime="${status.at}">${clock(status.at)}</time>`,
    // Changes only when the verdicts do: a screen reader announces news, not every number.
    announcement: html`${headline(serious)}. ${serious.map(({ code }) => html`${code.toLowerCase().replaceAll('_', ' ')}. `)}`,
  };
  return Object.fromEntries(PARTS.map(part => [part, parts[part].markup])) as Record<Part, string>;
}

/** For those who may not see rows: which key is paused, and why, are values of a row and an operator's words about it. */
function withoutPausedKeys(status: PipelineStatus): PipelineStatus {
  const queues = status.queues.map(queue => ({
    ...queue,
    pausedKeys: {
      ...queue.pausedKeys,
      first: queue.pausedKeys.first.map(({ orderingKey, by, at }) => ({ orderingKey, by, at })),
    },
  }));
  return { ...status, queues, verdicts: verdicts({ ...status, queues }) };
}
