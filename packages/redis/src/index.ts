export {
  type ClusterAddress,
  type HostPort,
  hostPortText,
  type RedisAddress,
  type SentinelAddress,
} from './address/address.js';
export { parseRedisUrl, redisUrlMistake } from './address/parse-address.js';
export { COMMANDS } from './commands.js';
export { type ConnectOnceOptions, connectOnce } from './connect-once.js';
export { isConnectionLost } from './connection-lost.js';
export { endConnection } from './end-connection.js';
export { type KeepConnectedOptions, type KeptConnection, keepConnected } from './keep-connected.js';
export { refusalOf } from './refusal.js';
export { requirePrimary } from './require-primary.js';
export { tryRights } from './rights.js';
export { newestAnswer } from './sentinel/choose-primary.js';
export { type Hearing, hearSentinels } from './sentinel/find-primary.js';
export { commandError, isDenied, isUnknownCommand } from './wrong-server.js';
