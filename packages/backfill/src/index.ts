export type { Backfill, BackfillStatus } from './backfill.js';
export { checkFilter, estimateRows } from './filter.js';
export { type KeyedTable, readKeyedTable } from './keyed-table.js';
export { doneOf, paceOf } from './pace.js';
export {
  endBackfill,
  forgetLost,
  nextBackfill,
  noteEnd,
  noteSettled,
  noteTrail,
  type SlotReader,
  settleTrails,
} from './progress.js';
export { type Chunk, readChunk, readLastKey } from './read-chunk.js';
export {
  backfillTableMissing,
  listBackfills,
  listOpenBackfills,
  requestBackfill,
  requestSnapshots,
  steerBackfill,
} from './request.js';
export { type BackfillPoint, type Trail, withPoint } from './trail.js';
export { emitWatermark, readWatermark, WATERMARK_PREFIX, type Watermark } from './watermark.js';
