// A service for tests of its life: run by node from the built package, as the apps are.
import { setTimeout as pause } from 'node:timers/promises';
import { runService } from '@walmq/runtime';
import { z } from 'zod';

await runService({
  name: 'program',
  defaultPort: 0,
  needs: ['database', 'redis'],
  own: { WALMQ_TEST: z.enum(['ok', 'fail', 'reject', 'hang', 'late', 'slow', 'chatty']).default('ok') },
  start: async service => {
    const mode = service.environment.WALMQ_TEST;
    service.log.info({ url: service.environment.databaseUrl }, `Using ${service.environment.databaseUrl}`);
    service.readyWhen('part', () => (mode === 'late' ? 'not yet' : undefined));
    service.onStop('first', async () => service.log.info('stopped first'));
    service.onStop('second', async () => {
      if (mode === 'hang') await new Promise(() => {});
      if (mode === 'slow') await pause(1000);
      if (mode === 'chatty') console.error('drained');
      service.log.info('stopped second');
    });
    if (mode === 'reject') void Promise.reject(new Error('nobody waits for me'));
    if (mode === 'fail') setTimeout(() => service.fail(new Error('broken: postgres://u:hidden@h/d')), 50);
    if (mode === 'chatty') setInterval(() => service.log.info('still here'), 20);
    if (mode === 'slow') process.on('exit', code => console.log(`exit code ${code}`));
  },
});
