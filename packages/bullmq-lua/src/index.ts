export { assembleScript, type Script } from './assemble-script.js';
export { loadBullmqScript } from './bullmq-script.js';
export { runScript } from './run-script.js';
