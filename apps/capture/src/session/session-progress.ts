import { comparePositions, type Position } from '@walmq/change';
import type { CaptureEvent, Emit } from '../telemetry/capture-event.js';
import type { Recovery } from './recover.js';

/**
 * Distinguishes sessions that come further from those that end where the one before ended. A session that merely starts
 * has done nothing yet: one that is blocked by a change starts well every time, and is not announced as streaming before
 * it has enqueued more than the ones before it.
 */
export class SessionProgress {
  readonly #emit: Emit;
  #furthest: Position | undefined;
  #attempt = 0;
  #blocked = false;
  /** What a blocked session announces once it has come further. */
  #announcement: CaptureEvent | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Takes the events of a session. */
  readonly take: Emit = event => {
    if (event.type === 'streaming') {
      this.#announcement = event;
      if (!this.#blocked) this.#announce();
      this.#reached(event.position);
      return;
    }
    if (event.type === 'progress') this.#reached(event.progress.enqueued);
    this.#emit(event);
  };

  /** Which attempt, from 0, the next session is since something new was enqueued. */
  interrupted(recovery: Recovery): number {
    this.#announcement = undefined;
    this.#blocked = recovery === 'blocked';
    // A capture that stands by has not failed.
    if (recovery === 'standby') this.#attempt = 0;
    return this.#attempt++;
  }

  #reached(position: Position): void {
    if (this.#furthest && comparePositions(position, this.#furthest) <= 0) return;
    this.#furthest = position;
    this.#attempt = 0;
    this.#blocked = false;
    this.#announce();
  }

  #announce(): void {
    if (this.#announcement) this.#emit(this.#announcement);
    this.#announcement = undefined;
  }
}
