import { WalmqError } from '@walmq/change';

/** The packages that only tracing needs: optional peers of the runtime and of the worker kit. */
const PACKAGES = [
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-node',
  'bullmq-otel',
];

/**
 * For `import('...').catch(...)`, which bundlers take for an import that may fail: they leave out what is not installed. Throws
 * TRACING_NOT_INSTALLED.
 */
export function tracingNotInstalled(cause: unknown): never {
  if (!/MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
  throw new WalmqError(
    'TRACING_NOT_INSTALLED',
    `WALMQ_TRACING is on, and a package that tracing needs is not installed: ${(cause as Error).message}.`,
    { remedy: `Run "npm install ${PACKAGES.join(' ')}", or set WALMQ_TRACING=off.`, cause },
  );
}
