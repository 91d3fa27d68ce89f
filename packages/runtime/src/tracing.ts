import { tracingNotInstalled } from './tracing-not-installed.js';

/**
 * Sends this process's spans to an OpenTelemetry collector by OTLP over HTTP. OpenTelemetry's own variables
 * configure the rest: OTEL_EXPORTER_OTLP_ENDPOINT (default http://localhost:4318),
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES. Rejects with TRACING_NOT_INSTALLED.
 */
export async function startTracing(app: string): Promise<{ stop(): Promise<void> }> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http').catch(
    tracingNotInstalled,
  );
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await import(
    '@opentelemetry/resources'
  ).catch(tracingNotInstalled);
  const { BatchSpanProcessor, NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node').catch(
    tracingNotInstalled,
  );
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': `walmq-${app}` }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Also installs the reader and writer of traceparent: W3C Trace Context.
  provider.register();
  return { stop: () => provider.shutdown() };
}
