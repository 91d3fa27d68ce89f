import { openBigquerySink } from '../../packages/sinks/dist/analytics/bigquery/sink.js';

const [, , apiEndpoint, facts] = process.argv;
const options = { projectId: 'shop', dataset: 'analytics', apiEndpoint };
const sink = await openBigquerySink(options, () => import('@google-cloud/bigquery'));
await sink.write(JSON.parse(facts), { idempotencyKey: 'abc', signal: new AbortController().signal });
