import type { Identity } from '../access/identify.js';
import type { Observer } from './observer.js';
import { PARTS, type RenderedStatus, renderStatus } from './render-status.js';

export interface EventsOptions {
  readonly observer: Observer;
  readonly token: string;
  readonly basePath: string;
  /** The current user, checked again each time; undefined ends the stream. */
  readonly whoWatches: () => Identity | undefined;
}

/**
 * Server-sent events: first `token`, which a page needs after a restart of the server, then `rendered` with
 * the parts that have changed, as JSON.
 */
export async function* statusEvents({
  observer,
  token,
  basePath,
  whoWatches,
}: EventsOptions): AsyncGenerator<string> {
  // Milliseconds after which a browser reconnects.
  yield `retry: 2000\n${eventOf('token', token)}`;
  let shown: Partial<RenderedStatus> = {};
  for await (const observation of observer.watch()) {
    const identity = whoWatches();
    if (identity === undefined) return;
    const rendered = renderStatus(observation, { identity, basePath });
    yield eventOf('status', changedParts(shown, rendered));
    shown = rendered;
  }
}

export function changedParts(
  shown: Partial<RenderedStatus>,
  rendered: RenderedStatus,
): Partial<RenderedStatus> {
  return Object.fromEntries(
    PARTS.filter(part => shown[part] !== rendered[part]).map(part => [part, rendered[part]]),
  );
}

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
