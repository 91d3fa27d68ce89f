export { CONTEXT_PREFIX, readContext, type TransactionContext } from './decode/context.js';
export { encodeChanges, encodeRead } from './decode/encode.js';
export { decodeUtf8, readEncoding, SQL_ASCII, type ToUtf8, utf8Converter } from './decode/encoding.js';
export { EVENT_PREFIX, encodeEvent } from './decode/event.js';
export { REWIND_PREFIX, readRewound } from './decode/rewound.js';
export type { RowChange } from './decode/row-change.js';
export { Transaction } from './decode/transaction.js';
export type { Message, Relation, RowMessage } from './protocol/messages.js';
export { Tuple } from './protocol/tuple.js';
export {
  type CaptureRow,
  type Home,
  isFromElsewhere,
  noteHome,
  noteRefusal,
  noteSeen,
  noteSource,
  type OtherPipeline,
  readCaptureRow,
  readPipelinesBeside,
  writeFirstLsn,
} from './server/capture-row.js';
export { findUnpublished } from './server/find-unpublished.js';
export { findUnreadable, type SlotReader, type Unreadable } from './server/find-unreadable.js';
export { countUnenqueued, readUnreadable, type UnreadableDetails } from './server/read-unreadable.js';
export { readSenderTimeoutMs } from './server/sender-timeout.js';
export { untilShown } from './server/shown.js';
export { noteSkipped, readSkipped, type Skipped } from './server/skipped.js';
export { readServerStart, readSlot, readSource, type Slot, type Source } from './server/slot.js';
export {
  foreignKind,
  isLost,
  lostCause,
  lostRemedy,
  type SlotVerdict,
  slotVerdict,
} from './server/slot-verdict.js';
export { Snapshot } from './server/snapshot.js';
export {
  CAPTURE_NAME,
  countsCapture,
  nameStandbysSql,
  readSynchronous,
  type SynchronousFacts,
} from './server/synchronous.js';
export { readDivergence, readTimeline } from './server/timeline.js';
export { publicationMissing, publicationWasMissing, replicationFailure } from './stream/failure.js';
export { ReplicationStream, type StreamOptions } from './stream/stream.js';
export { Catalog } from './tables/catalog.js';
export { CatalogMemory, type MemoryChanges } from './tables/catalog-memory.js';
export { type Child, Inheritance } from './tables/inheritance.js';
export type { Table } from './tables/table.js';
export type { Moment } from './tables/table-version.js';
export {
  readRowNow,
  readTypedTable,
  readTypedValue,
  type TypedColumn,
  type TypedTable,
  type TypedValue,
} from './tables/typed-key.js';
