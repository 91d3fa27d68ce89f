export { claimPort, freePort, isPortTaken } from './free-port.js';
export { type LaunchOptions, launch, type Readiness, type Running, untilReady } from './launch.js';
export { type LogLine, readLogLine } from './log-line.js';
export { until } from './until.js';
export { startWatchdog, type Watchdog } from './watchdog.js';
