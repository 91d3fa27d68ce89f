import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

/**
 * Every action of the installed Bull Board, and what has been decided about it: docs/guides/order.md. `guarded`: refused where it
 * would break the order of a key, in GuardedAdapter.
 */
const DECIDED: Readonly<Record<string, 'allowed' | 'guarded' | 'refused'>> = {
  'put /api/queues/pause': 'allowed',
  'put /api/queues/resume': 'allowed',
  'post /api/queues/:queueName/add': 'refused',
  'put /api/queues/:queueName/retry/:queueStatus': 'guarded',
  'put /api/queues/:queueName/promote': 'allowed',
  'put /api/queues/:queueName/clean/:queueStatus': 'guarded',
  'put /api/queues/:queueName/pause': 'allowed',
  'put /api/queues/:queueName/resume': 'allowed',
  'put /api/queues/:queueName/concurrency': 'allowed',
  'put /api/queues/:queueName/rate-limit': 'allowed',
  'put /api/queues/:queueName/rate-limit/release': 'allowed',
  'put /api/queues/:queueName/empty': 'refused',
  'put /api/queues/:queueName/obliterate': 'allowed',
  'put /api/queues/:queueName/job-schedulers/:schedulerId/remove': 'allowed',
  'patch /api/queues/:queueName/job-schedulers/:schedulerId': 'refused',
  'put /api/queues/:queueName/job-schedulers/:schedulerId/run': 'refused',
  'put /api/queues/:queueName/:jobId/retry': 'guarded',
  'put /api/queues/:queueName/:jobId/clean': 'guarded',
  'put /api/queues/:queueName/:jobId/promote': 'allowed',
  'patch /api/queues/:queueName/:jobId/update-data': 'allowed',
  'patch /api/queues/:queueName/:jobId/delay': 'allowed',
  'patch /api/queues/:queueName/:jobId/priority': 'allowed',
  'put /api/queues/:queueName/:jobId/remove-unprocessed-children': 'refused',
};

interface Route {
  readonly method: string;
  readonly route: string;
}

it('a new version of Bull Board brings no action that nobody has decided about', () => {
  const { appRoutes } = createRequire(import.meta.url)('@bull-board/api/dist/routes.js') as {
    appRoutes: { api: readonly Route[] };
  };
  const actions = appRoutes.api.filter(({ method }) => method !== 'get');
  expect(actions.map(({ method, route }) => `${method} ${route}`).sort()).toEqual(
    Object.keys(DECIDED).sort(),
  );
});
