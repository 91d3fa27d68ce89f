export type { LogEntry } from '@walmq/runtime';
export { type ChangeBuilders, changesOf, type EventFields, type Fields } from './changes-of.js';
export type { MadeEffect, MemoryRecords } from './memory-records.js';
export {
  type TestChange,
  type Tested,
  type TestedAll,
  type TestedChange,
  type TestOptions,
  type Traces,
  testHandler,
} from './test-handler.js';
export type { Statement, TestClient } from './watched-client.js';
