import { comparePositions, type Position, parsePosition } from '@walmq/change';
import type { SessionObserver } from './options.js';
import type { Recovery } from './recover.js';

/**
 * Tells sessions that come further from those that end where the one before ended. A session that merely starts has
 * done nothing yet: one that is blocked by a change starts well every time, and is not announced as streaming before it
 * has enqueued more than the ones before it.
 */
export class SessionProgress {
  /** What a session is told to observe with. */
  readonly observer: SessionObserver;
  #furthest: Position | undefined;
  #attempt = 0;
  #blocked = false;
  #announce: (() => void) | undefined;

  constructor(observer: SessionObserver) {
    this.observer = {
      ...observer,
      streaming: position => {
        this.#announce = () => observer.streaming(position);
        if (!this.#blocked) this.#announced();
        this.#reached(parsePosition(position));
      },
      progress: progress => {
        this.#reached(progress.enqueued);
        observer.progress(progress);
      },
    };
  }

  /** Which attempt, from 0, the next one is since something new was enqueued. */
  interrupted(recovery: Recovery): number {
    this.#announce = undefined;
    this.#blocked = recovery === 'blocked';
    // Whoever stands by has not failed.
    if (recovery === 'standby') this.#attempt = 0;
    return this.#attempt++;
  }

  #reached(position: Position): void {
    if (this.#furthest && comparePositions(position, this.#furthest) <= 0) return;
    this.#furthest = position;
    this.#attempt = 0;
    this.#blocked = false;
    this.#announced();
  }

  #announced(): void {
    this.#announce?.();
    this.#announce = undefined;
  }
}
