import type { Manifest } from '../look/project.js';

export interface Script {
  readonly name: string;
  readonly command: string;
}

/** What `npm init` writes where there is no test yet. */
const PLACEHOLDER = /^echo "Error: no test specified"/;

/**
 * The scripts that package.json gets. `dev` and `test` keep what they are in the project: then walmq's are
 * `walmq:dev` and `walmq:test`.
 */
export function scriptsFor(
  { scripts }: Pick<Manifest, 'scripts'>,
  testCommand: string | undefined,
): Script[] {
  const free = (name: string, command: string) => {
    const present = scripts[name];
    return present === undefined || present === command || PLACEHOLDER.test(present) ? name : `walmq:${name}`;
  };
  return [
    { name: free('dev', 'walmq dev'), command: 'walmq dev' },
    ...(testCommand === undefined ? [] : [{ name: free('test', testCommand), command: testCommand }]),
    { name: 'walmq:setup', command: 'walmq setup' },
    { name: 'walmq:types', command: 'walmq types' },
  ];
}
