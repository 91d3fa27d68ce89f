import { errorSection } from '../entry.js';

export const processErrors = errorSection({
  CONFIG_MISSING: {
    meaning:
      'A configuration file does not exist: `walmq.config.ts`, the audit configuration or the webhooks configuration.',
    remedy: 'Create the file, or correct `WALMQ_CONFIG`, `WALMQ_AUDIT` or `WALMQ_WEBHOOKS`.',
    from: ['every process'],
    outcome: 'ends',
  },
  CONFIG_UNREADABLE: {
    meaning: 'A configuration file does not load: a syntax error, or an import that is not installed.',
    remedy: 'Correct the file, or install the package that the error names.',
    from: ['every process'],
    outcome: 'ends',
  },
  CONFIG_INVALID: {
    meaning: 'A configuration file has mistakes. The error names each with its field.',
    remedy: 'Correct the fields: [configuration](configuration.md).',
    from: ['every process'],
    outcome: 'ends',
  },
  APP_OPTION_INVALID: {
    meaning:
      'A program in JavaScript starts a process (`runWorkerApp`) without an option that it needs, or with a wrong one. In TypeScript the compiler reports this.',
    remedy: 'Set the option that the error names.',
    from: ['workers'],
    outcome: 'ends',
  },
  ENVIRONMENT_INVALID: {
    meaning: 'An environment variable is missing or malformed. The error names each.',
    remedy: 'Set or correct the variables: [environment](configuration.md#environment).',
    from: ['every process'],
    outcome: 'ends',
  },
  PORT_IN_USE: {
    meaning: 'The process cannot listen on its port: another process has it.',
    remedy: 'Set `WALMQ_PORT` to another port, or to 0 for any free one.',
    from: ['capture', 'workers', 'dashboard'],
    outcome: 'ends',
  },
  LOG_LOST: {
    meaning:
      'Stdout accepts no more lines: its reader has ended, or its disk is full. The process drains, then ends.',
    remedy: 'Read stdout as long as the process runs, or make room.',
    from: ['capture', 'workers', 'dashboard'],
    outcome: 'ends',
  },
  PROMISE_NOT_AWAITED: {
    meaning:
      'Unhandled promise rejection: a handler, or another part of the program, did not await a call that failed.',
    remedy:
      '`await` or return the promise: [common mistakes](../guides/workers.md). Other workers take over the changes in work.',
    from: ['capture', 'workers', 'dashboard'],
    outcome: 'ends',
  },
  TRACING_NOT_INSTALLED: {
    meaning: '`WALMQ_TRACING` is on, and an optional package that tracing needs is not installed.',
    remedy:
      'Install the packages that the error names, or set `WALMQ_TRACING=off`: [tracing](../guides/tracing.md).',
    from: ['capture', 'workers', 'dashboard'],
    outcome: 'ends',
  },
});
