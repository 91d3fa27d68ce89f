export type { Backfill, BackfillStatus } from './backfill.js';
export { checkFilter, estimateRows } from './filter.js';
export { type KeyedTable, readKeyedTable } from './keyed-table.js';
export { doneOf, paceOf } from './pace.js';
export { endBackfill, nextBackfill, noteChunk, noteEnd } from './progress.js';
export { type Chunk, readChunk, readLastKey } from './read-chunk.js';
export {
  backfillTableMissing,
  listBackfills,
  listOpenBackfills,
  requestBackfill,
  requestSnapshots,
  steerBackfill,
} from './request.js';
export { emitWatermark, readWatermark, WATERMARK_PREFIX, type Watermark } from './watermark.js';
