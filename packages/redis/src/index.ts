export { COMMANDS } from './commands.js';
export { type ConnectOnceOptions, connectOnce } from './connect-once.js';
export { isConnectionLost } from './connection-lost.js';
export { type KeepConnectedOptions, type KeptConnection, keepConnected } from './keep-connected.js';
export { refusalOf } from './refusal.js';
export { requirePrimary } from './require-primary.js';
export { tryRights } from './rights.js';
export { commandError, isDenied } from './wrong-server.js';
