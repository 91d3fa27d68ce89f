export { type Inbox, startInbox } from './inbox.js';
export type { Mail } from './mailbox.js';
export { pingRedis } from './ping-redis.js';
export { type EmbeddedPostgres, startPostgres } from './postgres.js';
export { embeddedPostgresMajor } from './postgres-binaries.js';
export { type EmbeddedRedis, startRedis } from './redis.js';
export { startWatchdog, type Watchdog } from './watchdog.js';
