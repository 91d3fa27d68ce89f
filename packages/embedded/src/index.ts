export { type EmbeddedPostgres, startPostgres } from './postgres.js';
