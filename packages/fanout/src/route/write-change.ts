import type { ChangeName, EncodedChange } from '@walmq/change';
import { parkedJson, parkReason } from './park-change.js';
import type { Shape } from './shape.js';

/** Called for a change that cannot be written out. The reason never quotes the content. */
export type OnParked = (change: ChangeName, reason: string) => void;

/** Writes the data of jobs. A change that cannot be written out is parked: its job holds its key and the reason. */
export class ChangeWriter {
  readonly #onParked: OnParked;

  constructor(onParked: OnParked) {
    this.#onParked = onParked;
  }

  /** Without a shape, the whole change. Undefined if the queue filters the change out. */
  write(change: EncodedChange, shape: Shape | undefined): string | undefined {
    try {
      return shape ? shapedData(change, shape) : wholeData(change);
    } catch (error) {
      return this.park(change, shape, parkReason(error));
    }
  }

  park(change: EncodedChange, shape: Shape | undefined, reason: string): string {
    this.#onParked(change, reason);
    return parkedJson(change, shape, reason);
  }
}

/** A change in doubt carries the doubt as `shapeError`, so that its worker fails it instead of using wrong values. */
function wholeData(change: EncodedChange): string {
  const { doubt } = change;
  if (doubt === undefined) return change.json;
  return change.jsonShaped(() => 'keep', { shapeError: JSON.stringify(doubt) });
}

function shapedData(change: EncodedChange, shape: Shape): string | undefined {
  return change.doubt === undefined ? shape.apply(change) : shape.refused(change, change.doubt);
}
