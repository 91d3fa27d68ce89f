export * from './change.js';
export * from './encoded.js';
export * from './error.js';
export * from './event-limits.js';
export * from './json-text.js';
export * from './lsn.js';
export * from './position.js';
export * from './table-name.js';
