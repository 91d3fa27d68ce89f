/** The registry of error codes, for the page that explains them. No process loads it. */
export * from './entry.js';
export * from './print-page.js';
export * from './registry.js';
