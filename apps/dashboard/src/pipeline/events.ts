import type { Identity } from '../access/identify.js';
import type { Observer } from './observer.js';
import { PARTS, type Picture, renderPicture } from './render-picture.js';

export interface EventsOptions {
  readonly observer: Observer;
  readonly token: string;
  readonly basePath: string;
  /** Who watches, asked anew each time: undefined ends the stream. */
  readonly whoWatches: () => Identity | undefined;
}

/**
 * Server-sent events: first `token`, which a page needs after the server was started anew, then `picture` with the
 * parts that have changed, as JSON.
 */
export async function* pictureEvents({
  observer,
  token,
  basePath,
  whoWatches,
}: EventsOptions): AsyncGenerator<string> {
  // A browser whose connection breaks asks again after this many milliseconds.
  yield `retry: 2000\n${eventOf('token', token)}`;
  let shown: Partial<Picture> = {};
  for await (const observation of observer.watch()) {
    const identity = whoWatches();
    if (identity === undefined) return;
    const picture = renderPicture(observation, identity.role, basePath);
    yield eventOf('picture', changedParts(shown, picture));
    shown = picture;
  }
}

export function changedParts(shown: Partial<Picture>, picture: Picture): Partial<Picture> {
  return Object.fromEntries(
    PARTS.filter(part => shown[part] !== picture[part]).map(part => [part, picture[part]]),
  );
}

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
