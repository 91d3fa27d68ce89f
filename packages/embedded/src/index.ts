/**
 * PostgreSQL, Redis and a mail inbox for development and tests. Not for production.
 *
 * @packageDocumentation
 */

export { type Inbox, startInbox } from './mail/inbox.js';
export type { Mail } from './mail/mailbox.js';
export { type EmbeddedPostgres, startPostgres } from './postgres/postgres.js';
export { embeddedPostgresMajor } from './postgres/postgres-binaries.js';
export { pingRedis } from './redis/ping-redis.js';
export { type EmbeddedRedis, startRedis } from './redis/redis.js';
export type { EmbeddedServer } from './server/embedded-server.js';
