export { openTargets } from './targets/open-targets.js';
export type { Target } from './targets/target.js';
export { type Tested, testTargets } from './targets/test-targets.js';
export { type AlertMetrics, alertMetrics } from './watch/metrics.js';
export { type Look, watchStatus } from './watch/watch-status.js';
export { placeOf, type Watched, Watcher, type WatcherOptions } from './watch/watcher.js';
