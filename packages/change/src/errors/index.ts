/** The registry of error codes, from which the reference page is written. No process loads it. */
export * from './entry.js';
export * from './print-page.js';
export * from './registry.js';
