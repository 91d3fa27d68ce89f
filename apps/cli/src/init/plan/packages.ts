import { EMPTY_MANIFEST, type Project } from '../look/project.js';
import type { Answers } from './answers.js';
import { setMember } from './edit-json.js';
import { scriptsFor } from './scripts.js';
import { NODE_TEST_COMMAND, testRunnerOf } from './test-runner.js';

/** Versions of what a project gets beside walmq, as far as it has none. */
export const TOOLS = { typescript: '^7.0.2', '@types/node': '^20.19.0', tsx: '^4.23.15' } as const;

/** The text of package.json with walmq, its tools and scripts. Order and format of everything else stay. */
export function withPackages(
  present: string | undefined,
  { folder, manifest }: Pick<Project, 'folder' | 'manifest'>,
  answers: Answers,
): string {
  const now = manifest ?? EMPTY_MANIFEST;
  const runner = testRunnerOf(now);
  let text = present ?? newManifest(folder);
  for (const { name, command } of scriptsFor(now, runner === 'node' ? NODE_TEST_COMMAND : undefined))
    text = setMember(text, { section: 'scripts', name, value: command });
  const walmq = `^${answers.version}`;
  const installed = { ...now.dependencies, ...now.devDependencies };
  if (!('walmq' in now.dependencies)) text = setMember(text, dependency('walmq', walmq));
  const tools = { ...TOOLS, ...(answers.embedded ? { '@walmq/embedded': walmq } : {}) };
  for (const [name, version] of Object.entries(tools))
    if (!(name in installed) && !(name === 'tsx' && runner !== 'node'))
      text = setMember(text, { ...dependency(name, version), section: 'devDependencies' });
  return text;
}

function dependency(name: string, value: string) {
  return { section: 'dependencies', name, value, sorted: true };
}

function newManifest(folder: string): string {
  const name = packageName(folder);
  return `${JSON.stringify({ name, version: '0.0.0', private: true, type: 'module' }, null, 2)}\n`;
}

/** The folder's name as npm allows it for a package. */
export function packageName(folder: string): string {
  const last =
    folder
      .split(/[\\/]/)
      .filter(part => part !== '')
      .at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return name === '' ? 'walmq-project' : name;
}
