export {
  type Decorates,
  decoratorsFor,
  type HandlerDecorators,
  OnBatch,
  OnChange,
  OnWalmqEvent,
  WalmqWorker,
} from './decorators.js';
export { definitionOf } from './definitions-of.js';
export type { RowChanges, RowOperation } from './metadata.js';
export { Walmq, type WalmqModuleOptions } from './walmq.js';
export { WalmqModule } from './walmq-module.js';
