export { Catalog } from './catalog.js';
export { encodeChanges, Transaction } from './encode.js';
export { type Recovery, recoveryOf, replicationFailure } from './failure.js';
export type { Message, Relation, RowMessage } from './messages.js';
export { type SetupOptions, type SetupStep, setUp } from './setup.js';
export { readSlot, readSource, type Slot, type Source } from './slot.js';
export { ReplicationStream, type StreamOptions } from './stream.js';
export type { Table } from './table.js';
