export { missingOrderColumns, uncoveredOrder } from './plan/check.js';
export {
  type CoveredTable,
  type Gap,
  type GapCode,
  gapsOf,
  partialMembers,
  publicationGaps,
  SETUP_THEN_BACKFILL,
} from './plan/coverage.js';
export { needsGenerated, needsNoMore, refusesFull } from './plan/identity.js';
export { DEFERRABLE_KEY_REMEDY, deferrableKeyText, queuesWithoutKey } from './plan/plan.js';
export { grantToSend, type Publishers, readPublishers } from './plan/publishers.js';
export type { SetupRoute, SetupStep, SetupTable } from './plan/step.js';
export { refusalRemedy } from './plan/writes.js';
export { type Parameter, PROVIDERS, type Provider } from './provider/provider.js';
export { type PublicationFacts, readPublication } from './read/publication.js';
export { readPublished } from './read/published.js';
export { notePipeline, type Pipeline } from './read/record.js';
export {
  type PublishedRelation,
  type RefusedWrites,
  refusalText,
  refusedWrites,
} from './read/refused-writes.js';
export {
  CAPTURE_SCHEMA,
  type MadeRelation,
  madeRelations,
  missingRelations,
  OPERATOR_LOG,
  type SetupSchema,
} from './read/schema.js';
export { readServer, type Server } from './read/server.js';
export { membersOf, readTableNames, readTables, type TableFacts, tableMeant } from './read/tables.js';
export { runSteps } from './run/run.js';
export { setupScript } from './run/script.js';
export { openTransactions, type Waiting } from './run/waits.js';
export { planSetup, type SetupOptions, setUp } from './setup.js';
export { type QueueLoad, type SplitPart, splitQueues } from './split/split.js';
export { planTeardown, runTeardownStep, type TeardownPlan, type TeardownStep } from './teardown/teardown.js';
