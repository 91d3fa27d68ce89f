import { type Html, html } from '../html.js';
import { page } from '../page/page.js';
import type { Viewer } from '../page/viewer.js';
import type { RenderedStatus } from './render-status.js';

export interface PipelinePage {
  readonly viewer: Viewer;
  readonly rendered: RenderedStatus;
}

export function pipelinePage({ viewer, rendered }: PipelinePage): string {
  const part = (name: keyof RenderedStatus): Html => ({ markup: rendered[name] });
  return page({
    viewer,
    name: 'pipeline',
    script: 'pipeline.js',
    announcement: part('announcement'),
    main: html`<p class="as-of"><span id="as-of">${part('as-of')}</span> <span id="connection"></span></p>
<section id="verdicts" aria-labelledby="verdicts-title">${part('verdicts')}</section>
<section aria-labelledby="stages-title"><h2 id="stages-title">The way of the data</h2><div id="stages">${part('stages')}</div></section>
<section aria-labelledby="queues-title"><h2 id="queues-title">Queues</h2><div id="queues">${part('queues')}</div></section>
<div id="backfills">${part('backfills')}</div>
<section aria-labelledby="failures-title"><h2 id="failures-title">Failures</h2><div id="failures">${part('failures')}</div></section>`,
  });
}
