import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/**
 * Sends this process's spans to an OpenTelemetry collector by OTLP over HTTP. OpenTelemetry's own variables
 * configure the rest: OTEL_EXPORTER_OTLP_ENDPOINT (default http://localhost:4318),
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.
 */
export function startTracing(app: string): { stop(): Promise<void> } {
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
