import { WalmqError } from '@walmq/change';

/** The packages that only tracing needs: optional dependencies of the runtime and of the worker kit. */
const PACKAGES = [
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-node',
  'bullmq-otel',
];

/** Imports a module that needs one of the optional packages. Throws TRACING_NOT_INSTALLED. */
export async function loadForTracing<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!/MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new WalmqError(
      'TRACING_NOT_INSTALLED',
      `WALMQ_TRACING is on, and a package that tracing needs is not installed: ${(cause as Error).message}.`,
      { remedy: `Run "npm install ${PACKAGES.join(' ')}", or set WALMQ_TRACING=off.`, cause },
    );
  }
}
