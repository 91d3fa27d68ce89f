import { WalmqError } from '@walmq/change';

/** What an option must be, as a sentence says it. */
interface Expected {
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
}

const NEEDS: readonly unknown[] = ['database', 'replication', 'redis', 'smtp'];
const isFunction = (value: unknown) => typeof value === 'function';

const EXPECTED = {
  name: {
    what: `the name of the process, such as 'payments'`,
    holds: value => typeof value === 'string' && value !== '',
  },
  defaultPort: { what: 'a port, such as 9110', holds: value => Number.isInteger(value) },
  needs: {
    what: `the servers that the process needs, such as ['database', 'redis']`,
    holds: value => Array.isArray(value) && value.every(need => NEEDS.includes(need)),
  },
  start: { what: 'a function', holds: isFunction },
  workers: { what: 'a function that returns the definitions of the workers', holds: isFunction },
} as const satisfies Record<string, Expected>;

/** For callers from JavaScript, whom no compiler warns. Throws APP_OPTION_INVALID, which names the first wrong option. */
export function requireOptions(options: unknown, names: readonly (keyof typeof EXPECTED)[]): void {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of names) {
    const { what, holds } = EXPECTED[name];
    if (holds(given[name])) continue;
    const wrong = given[name] === undefined ? `has no option "${name}"` : `has a wrong option "${name}"`;
    throw new WalmqError('APP_OPTION_INVALID', `the call that starts this process ${wrong}.`, {
      remedy: `Set it: ${name} is ${what}.`,
      facts: { option: name },
    });
  }
}
