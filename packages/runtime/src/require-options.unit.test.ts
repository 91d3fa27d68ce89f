import { describe, expect, it } from 'vitest';
import { requireOptions } from './require-options.js';

const WHOLE = { name: 'payments', defaultPort: 9110, needs: ['database', 'redis'], start: () => undefined };
const NAMES = ['name', 'defaultPort', 'needs', 'start'] as const;

describe('options of a process, from JavaScript', () => {
  it('are taken whole', () => {
    expect(() => requireOptions(WHOLE, NAMES)).not.toThrow();
  });

  it.each([
    ['no options', undefined, 'name', /no option "name"/],
    ['an empty name', { ...WHOLE, name: '' }, 'name', /wrong option "name"/],
    ['a port as text', { ...WHOLE, defaultPort: '9110' }, 'defaultPort', /wrong option "defaultPort"/],
    ['no needs', { ...WHOLE, needs: undefined }, 'needs', /no option "needs"/],
    ['an unknown need', { ...WHOLE, needs: ['mysql'] }, 'needs', /wrong option "needs"/],
    ['a start that is none', { ...WHOLE, start: {} }, 'start', /wrong option "start"/],
  ])('%s: names the option', (_what, options, option, message) => {
    expect(() => requireOptions(options, NAMES)).toThrow(
      expect.objectContaining({
        code: 'APP_OPTION_INVALID',
        message: expect.stringMatching(message),
        remedy: expect.stringContaining(`${option} is `),
      }),
    );
  });
});
