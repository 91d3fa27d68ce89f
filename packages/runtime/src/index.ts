export { ENVIRONMENT_VARIABLES, type Environment, wholeNumber } from './environment.js';
export type { ReadyCheck } from './health.js';
export { RepeatLimit } from './limit-repeats.js';
export { loadForTracing } from './load-for-tracing.js';
export type { Logger } from './log.js';
export { openPool } from './open-pool.js';
export { redact } from './redact.js';
export { runService, type Service, type ServiceOptions } from './service.js';
export { onStopSignals } from './stop-signals.js';
