import type { Target } from './targets.js';

/** A file and what happens to it. `kept`: it exists, differs, and stays as it is. */
export interface PlannedFile {
  readonly path: string;
  readonly action: 'create' | 'change' | 'overwrite' | 'same' | 'kept';
  /** The text before. Undefined if there is no file. */
  readonly before: string | undefined;
  readonly text: string;
}

/** Compares each target with the present text. Only `force` overwrites a file that exists. */
export function planWrites(
  targets: readonly Target[],
  present: ReadonlyMap<string, string>,
  { force }: { readonly force: boolean },
): PlannedFile[] {
  return targets.map(target => {
    const { path } = target;
    const before = present.get(path);
    const text = target.kind === 'whole' ? target.text : target.edit(before);
    if (before === undefined) return { path, action: 'create', before, text };
    if (sameText(before, text)) return { path, action: 'same', before, text };
    if (target.kind === 'edit') return { path, action: 'change', before, text };
    return { path, action: force ? 'overwrite' : 'kept', before, text };
  });
}

/** The files that the plan writes, in its order. */
export function writesOf(plan: readonly PlannedFile[]): PlannedFile[] {
  return plan.filter(({ action }) => action === 'create' || action === 'change' || action === 'overwrite');
}

/** Git may check files out with CRLF. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
}
