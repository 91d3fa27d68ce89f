export * from './change.ts';
export * from './error.ts';
export * from './lsn.ts';
export * from './position.ts';
