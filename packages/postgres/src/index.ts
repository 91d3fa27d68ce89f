export { mistakeIn, parseAddress } from './address.js';
export { type AskOptions, askBackends, type BackendState, endBackends, processId } from './ask-backends.js';
export { type ConnectionOptions, ownConnection, plainConnection } from './client-config.js';
export { connectPrimary, type Reached } from './connect-primary.js';
export {
  type AskPassword,
  type DatabaseUrl,
  type PasswordTarget,
  urlText,
  withUrl,
} from './database-url.js';
export { type ConnectionFailure, connectionError, connectionFailure } from './failure.js';
export { type OpenClient, openClient } from './open-client.js';
export { outliveLosses } from './outlive-losses.js';
export { type PasswordSource, withPassword } from './password.js';
export { checkPostgres, createPool, type PoolOptions } from './pool.js';
