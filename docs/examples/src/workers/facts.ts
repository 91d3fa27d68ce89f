import { defineWorkerApp } from 'walmq';
import { analyticsSinkWorker, createClickhouseSink, mirror } from 'walmq/sinks/analytics';
import { z } from 'zod';

export default defineWorkerApp({
  own: { CLICKHOUSE_URL: z.url() }, // http://user:password@host:8123/database
  workers: async service => {
    const sink = await createClickhouseSink({ url: service.environment.CLICKHOUSE_URL });
    service.onStop('clickhouse', () => sink.close());
    const project = mirror({
      into: 'order_facts',
      key: ['id'],
      columns: ['status', 'total_amount', 'created_at'],
    });
    return [analyticsSinkWorker({ queue: 'facts', project, sink })];
  },
});
