/** The registry of error codes, from which the reference page is written, and which the dashboard shows as its runbook. */
export * from './entry.js';
export * from './print-page.js';
export * from './registry.js';
