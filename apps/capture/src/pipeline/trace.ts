import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type ChangeName, qualifiedName } from '@walmq/change';
import type { Job } from '@walmq/fanout';
import type { Transaction } from '@walmq/replication';

/**
 * Follows changes from their commit into Redis: a span for each change that becomes jobs, from the commit to where its
 * jobs are enqueued. Its context travels in the job's options the way BullMQ's own telemetry sends it, so that a
 * worker's span, in any process with BullMQ's telemetry on, is its child.
 */
export class ChangeTracer {
  readonly #tracer = trace.getTracer('walmq');
  /** In the order of the stream. */
  #open: { readonly id: string; readonly span: Span }[] = [];

  /** Returns the jobs with the span's context in their options. The span is a child of the span that the transaction names. */
  begin(
    change: ChangeName,
    { committedAt, context: sent }: Pick<Transaction, 'committedAt' | 'context'>,
    jobs: readonly Job[],
  ): readonly Job[] {
    if (jobs.length === 0) return jobs;
    const table = qualifiedName(change);
    const span = this.#tracer.startSpan(
      `capture ${table}`,
      {
        kind: SpanKind.PRODUCER,
        startTime: new Date(committedAt),
        attributes: {
          'walmq.change.id': change.id,
          'walmq.change.op': change.op,
          'db.collection.name': table,
          'messaging.batch.message_count': jobs.length,
        },
      },
      propagation.extract(ROOT_CONTEXT, sent?.trace ?? {}),
    );
    this.#open.push({ id: change.id, span });
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), carrier);
    const options = JSON.stringify({ tm: JSON.stringify(carrier) });
    return jobs.map(job => ({ ...job, options: merged(job.options, options) }));
  }

  /** Ends the spans up to this position: Redis has their jobs. */
  enqueued(position: string): void {
    const still = this.#open.findIndex(({ id }) => id > position);
    const done = this.#open.splice(0, still < 0 ? this.#open.length : still);
    for (const { span } of done) span.end();
  }

  /** The session ended before Redis had these changes: the next session reads them again. */
  abandoned(): void {
    for (const { span } of this.#open.splice(0)) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'the session ended; the change is read again' });
      span.end();
    }
  }
}

function merged(own: string | undefined, added: string): string {
  return own === undefined ? added : JSON.stringify({ ...JSON.parse(own), ...JSON.parse(added) });
}
