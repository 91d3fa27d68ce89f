import { describe, expect, it } from 'vitest';
import { Project } from './project-fixture.js';

const CONFIG = `
export default {
  queues: { payments: { table: 'payments' } },
  workers: { payments: 'src/payments.ts', gone: 'src/gone.ts' },
};
`;
const FILES = {
  'walmq.config.ts': CONFIG,
  'src/payments.ts':
    "import { defineWorker } from 'walmq';\nexport default defineWorker({ queue: 'payments' });\n",
  'src/number.ts': 'export default 3;\n',
  'src/syntax.ts': "import { broken } from './broken.js';\nexport default broken;\n",
  'src/broken.ts': 'export const broken: number = {{;\n',
  'src/throws.ts': 'const orders: any = undefined;\n\nexport default orders.table;\n',
  'src/needs.ts': "import nothing from 'not-installed';\nexport default nothing;\n",
};

describe('walmq worker, wrongly called', () => {
  it('says in one sentence what is wrong, and ends with 1', async () => {
    const project = await Project.create(FILES);
    const { folder } = project;
    const cases: [args: string[], sentence: string | RegExp][] = [
      [
        ['paymets'],
        'WORKER_UNKNOWN: there is no worker "paymets". Did you mean "payments"? ' +
          'walmq.config.ts names payments, gone; walmq brings webhooks, audit, change-log. The path of a file works too.',
      ],
      [['gone'], /^WORKER_MISSING: there is no file .*\/src\/gone\.ts\. Correct "gone" of "workers"/],
      [['src/nowhere.ts'], /^WORKER_MISSING: there is no file .*\/src\/nowhere\.ts\. Correct the path/],
      [
        ['src/number.ts'],
        `WORKER_INVALID: the default export of ${folder}/src/number.ts is a number. ` +
          'Write "export default defineWorker(...)", a list of such workers, ' +
          'or "export default defineWorkerApp({ workers: ... })".',
      ],
      [
        ['src/syntax.ts'],
        `WORKER_UNREADABLE: ${folder}/src/syntax.ts could not be loaded: Unexpected token (${folder}/src/broken.ts:1:31)`,
      ],
      [
        ['src/throws.ts'],
        `WORKER_UNREADABLE: ${folder}/src/throws.ts could not be loaded: ` +
          `Cannot read properties of undefined (reading 'table') (${folder}/src/throws.ts:3)`,
      ],
      [['src/needs.ts'], /^WORKER_UNREADABLE: .*Cannot find module 'not-installed'.* Install it in /],
      [['payments'], /^ENVIRONMENT_INVALID: DATABASE_URL is not set; .* REDIS_URL is not set; /],
    ];
    const check = async ([args, sentence]: (typeof cases)[number]) => {
      const worker = project.walmq(['worker', ...args]);
      expect(await worker.ended, args.join(' ')).toBe('exit 1');
      const said = worker.output().trim();
      if (typeof sentence === 'string') expect(said).toBe(sentence);
      else expect(said).toMatch(sentence);
      expect(said.split('\n'), args.join(' ')).toHaveLength(1);
    };
    await Promise.all(cases.map(check));
  });

  it('needs the variables that capture and the dashboard need', async () => {
    const project = await Project.create(FILES);
    for (const [command, sentence] of [
      ['capture', /^ENVIRONMENT_INVALID: DATABASE_URL is not set; .* REDIS_URL is not set; /],
      ['dashboard', /^ENVIRONMENT_INVALID: REDIS_URL is not set; /],
    ] as const) {
      const app = project.walmq([command]);
      expect(await app.ended).toBe('exit 1');
      expect(app.output()).toMatch(sentence);
    }
  });
});

describe('a signal while the program is loaded', () => {
  // The configuration is loaded before anything is started.
  const files = {
    'walmq.config.ts':
      "process.kill(process.pid, 'SIGTERM');\nawait new Promise(resolve => setTimeout(resolve, 60_000));\n",
  };

  it.each(['capture', 'dashboard', 'worker payments'])('ends walmq %s with 0', async command => {
    const project = await Project.create(files);
    expect(await project.walmq(command.split(' ')).ended).toBe('exit 0');
  });

  it('ends another command as the signal does', async () => {
    const project = await Project.create(files);
    expect(await project.walmq(['setup'], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }).ended).toBe(
      'SIGTERM',
    );
  });
});
