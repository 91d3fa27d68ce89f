import type { PlannedFile } from '../plan/plan-writes.js';

const WORDS: Readonly<Record<PlannedFile['action'], string>> = {
  create: 'create',
  change: 'change',
  overwrite: 'replace',
  same: 'ok',
  kept: 'kept',
};

/** One line per file: what happens to it. */
export function planLines(plan: readonly PlannedFile[]): string[] {
  return plan.map(file => `${WORDS[file.action].padEnd(9)}${file.path}${noteOf(file)}`);
}

function noteOf({ path, action, before, text }: PlannedFile): string {
  if (action === 'kept') return ': it exists and differs; --force replaces it';
  if (action !== 'change' || before === undefined) return '';
  return `: ${path === 'package.json' ? manifestChanges(before, text) : addedLines(before, text)}`;
}

const SECTIONS = ['scripts', 'dependencies', 'devDependencies'] as const;
type Sections = { readonly [S in (typeof SECTIONS)[number]]?: Readonly<Record<string, string>> };

function manifestChanges(before: string, after: string): string {
  const [old, now] = [before, after].map(text => JSON.parse(text.replace(/^\uFEFF/, '')) as Sections) as [
    Sections,
    Sections,
  ];
  const parts = SECTIONS.flatMap(section => {
    const names = Object.keys(now[section] ?? {}).filter(
      name => old[section]?.[name] !== now[section]?.[name],
    );
    return names.length > 0 ? [`${section} ${names.join(', ')}`] : [];
  });
  return parts.join('; ');
}

function addedLines(before: string, after: string): string {
  const added = after
    .slice(before.length)
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  return `adds ${added.map(line => line.split('=')[0]).join(', ')}`;
}
