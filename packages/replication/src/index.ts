export {
  type CaptureRow,
  isFromElsewhere,
  noteRefusal,
  noteSource,
  readCaptureRow,
  writeFirstLsn,
} from './capture-row.js';
export { Catalog } from './catalog.js';
export { CatalogMemory, type MemoryChanges } from './catalog-memory.js';
export { CONTEXT_PREFIX, readContext, type TransactionContext } from './context.js';
export {
  type CoveredTable,
  type Gap,
  type GapCode,
  gapsOf,
  partialMembers,
  publicationGaps,
  SETUP_THEN_BACKFILL,
} from './coverage.js';
export { encodeChanges, encodeRead } from './encode.js';
export { decodeUtf8, readEncoding, SQL_ASCII, type ToUtf8, utf8Converter } from './encoding.js';
export { EVENT_PREFIX, encodeEvent } from './event.js';
export { publicationMissing, publicationWasMissing, replicationFailure } from './failure.js';
export { findUnpublished } from './find-unpublished.js';
export { findUnreadable, type SlotReader, type Unreadable } from './find-unreadable.js';
export { type Child, Inheritance } from './inheritance.js';
export type { Message, Relation, RowMessage } from './messages.js';
export { readPublished } from './read-published.js';
export { countUnenqueued, readUnreadable, type UnreadableDetails } from './read-unreadable.js';
export { type PublishedRelation, type RefusedWrites, refusalText, refusedWrites } from './refused-writes.js';
export { REWIND_PREFIX, readRewound } from './rewound.js';
export type { RowChange } from './row-change.js';
export { readSenderTimeoutMs } from './sender-timeout.js';
export { planSetup, type SetupOptions, setUp } from './setup.js';
export { missingOrderColumns, uncoveredOrder } from './setup-check.js';
export { needsGenerated, needsNoMore, refusesFull } from './setup-identity.js';
export { DEFERRABLE_KEY_REMEDY, deferrableKeyText, queuesWithoutKey } from './setup-plan.js';
export { type PublicationFacts, readPublication } from './setup-publication.js';
export { grantToSend, type Publishers, readPublishers } from './setup-publishers.js';
export { notePipeline, type Pipeline } from './setup-record.js';
export { runSteps } from './setup-run.js';
export {
  CAPTURE_SCHEMA,
  type MadeRelation,
  madeRelations,
  missingRelations,
  type SetupSchema,
} from './setup-schema.js';
export { setupScript } from './setup-script.js';
export { readServer, type Server } from './setup-server.js';
export type { SetupRoute, SetupStep, SetupTable } from './setup-step.js';
export { membersOf, readTableNames, readTables, type TableFacts, tableMeant } from './setup-tables.js';
export { openTransactions, type Waiting } from './setup-waits.js';
export { refusalRemedy } from './setup-writes.js';
export { untilShown } from './shown.js';
export { noteSkipped, readSkipped, type Skipped } from './skipped.js';
export { readServerStart, readSlot, readSource, type Slot, type Source } from './slot.js';
export {
  foreignKind,
  isLost,
  lostCause,
  lostRemedy,
  type SlotVerdict,
  slotVerdict,
} from './slot-verdict.js';
export { Snapshot } from './snapshot.js';
export { ReplicationStream, type StreamOptions } from './stream.js';
export {
  CAPTURE_NAME,
  countsCapture,
  nameStandbysSql,
  readSynchronous,
  type SynchronousFacts,
} from './synchronous.js';
export type { Table } from './table.js';
export type { Moment } from './table-version.js';
export { planTeardown, runTeardownStep, type TeardownPlan, type TeardownStep } from './teardown.js';
export { readDivergence, readTimeline } from './timeline.js';
export { Transaction } from './transaction.js';
export { Tuple } from './tuple.js';
