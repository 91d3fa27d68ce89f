export { type EmbeddedPostgres, startPostgres } from './postgres.js';
export { type EmbeddedRedis, startRedis } from './redis.js';
