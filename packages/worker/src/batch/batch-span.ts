import { SpanKind, type SpanOptions, type Telemetry } from 'bullmq';

/** Where an attempt at a change is in its trace. */
export interface TracePlace {
  readonly context: unknown;
  /** The fields of OpenTelemetry's SpanContext; undefined: the attempt has no span. */
  readonly spanContext: SpanContext | undefined;
}

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** BullMQ's type does not know links, but bullmq-otel gives the options to OpenTelemetry as they are. */
type LinkedSpanOptions = SpanOptions & { readonly links: readonly { readonly context: SpanContext }[] };

/** The place of the attempt that runs now. Undefined without telemetry. */
export function tracePlace(telemetry: Telemetry | undefined): TracePlace | undefined {
  if (!telemetry) return undefined;
  const { contextManager } = telemetry;
  const context = contextManager.active() as unknown;
  return { context, spanContext: spanContextOf(contextManager.getMetadata(context)) };
}

/**
 * Runs a call of the handler in a span of its own: a child of the first change's span, as a span has one parent at most,
 * with links to the spans of all changes of the call.
 */
export async function inBatchSpan<R>(
  options: {
    readonly telemetry: Telemetry | undefined;
    readonly queue: string;
    readonly places: readonly (TracePlace | undefined)[];
  },
  act: () => Promise<R>,
): Promise<R> {
  const { telemetry, queue, places } = options;
  const parent = places[0]?.context;
  if (!telemetry || parent === undefined) return await act();
  const { tracer, contextManager } = telemetry;
  const spanOptions: LinkedSpanOptions = {
    kind: SpanKind.INTERNAL,
    links: places.flatMap(place => (place?.spanContext ? [{ context: place.spanContext }] : [])),
  };
  const span = tracer.startSpan(`batch ${queue}`, spanOptions, parent);
  span.setAttribute('walmq.batch.changes', places.length);
  try {
    return await contextManager.with(span.setSpanOnContext(parent), act);
  } catch (error) {
    span.recordException(error as Error);
    throw error;
  } finally {
    span.end();
  }
}

/** Reads the traceparent of W3C Trace Context: version, trace, span, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function spanContextOf(metadata: string): SpanContext | undefined {
  const { traceparent = '' } = JSON.parse(metadata) as { traceparent?: string };
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  return traceId && spanId && flags ? { traceId, spanId, traceFlags: Number.parseInt(flags, 16) } : undefined;
}
