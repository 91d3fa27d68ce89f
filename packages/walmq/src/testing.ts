/**
 * Tests of handlers without servers: `testHandler` runs a handler on a change, `changesOf` makes changes of your tables.
 *
 * @packageDocumentation
 */

export {
  type ChangeBuilders,
  changesOf,
  type EventFields,
  type Fields,
  type LogEntry,
  type MadeEffect,
  type MemoryRecords,
  type Statement,
  type TestChange,
  type TestClient,
  type Tested,
  type TestedAll,
  type TestedChange,
  type TestOptions,
  type Traces,
  testHandler,
} from '@walmq/worker/testing';
