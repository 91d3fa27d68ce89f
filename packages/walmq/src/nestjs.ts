/**
 * Workers as providers of a NestJS application.
 *
 * @packageDocumentation
 */

export {
  type Decorates,
  decoratorsFor,
  definitionOf,
  type HandlerDecorators,
  OnBatch,
  OnChange,
  OnWalmqEvent,
  type RowChanges,
  type RowOperation,
  Walmq,
  WalmqModule,
  type WalmqModuleOptions,
  WalmqWorker,
} from '@walmq/nestjs';
