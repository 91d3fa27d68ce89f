import type { QueueEntry, Trace, TracedChange } from '@walmq/operations';
import type { Html } from '../html.js';
import type { Viewer } from '../page/viewer.js';

/** Buttons of the page. Both are called for operators only. */
export interface RowActions {
  /** Beside the state of a change in a queue. */
  readonly ofEntry: (viewer: Viewer, change: TracedChange, entry: QueueEntry) => Html;
  /** Below the row's name. */
  readonly ofRow: (viewer: Viewer, trace: Trace) => Html;
}
