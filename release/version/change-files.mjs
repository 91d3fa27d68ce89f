/** The sections of a version in CHANGELOG.md, in their order. */
export const SECTIONS = ['Upgrading', 'Changed', 'Fixed', 'Added'];
/** From the smallest step to the largest. */
export const BUMPS = ['patch', 'minor', 'major'];

/**
 * A file of changes/: what one pull request changes for users. Throws a sentence that names the file.
 *
 * ```md
 * ---
 * bump: minor
 * section: Added
 * ---
 *
 * - `walmq status` shows the age of the oldest change.
 * ```
 */
export function parseChange(name, text) {
  const [, head, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text.replaceAll('\r\n', '\n')) ?? [];
  if (head === undefined)
    throw new Error(`changes/${name} does not begin with --- lines: see changes/README.md`);
  const fields = Object.fromEntries(head.split('\n').map(line => line.split(/:\s*/, 2)));
  const unknown = Object.keys(fields).filter(field => field !== 'bump' && field !== 'section');
  if (unknown.length > 0) throw new Error(`changes/${name} has a field "${unknown[0]}"`);
  if (!BUMPS.includes(fields.bump)) throw new Error(`changes/${name}: bump must be ${BUMPS.join(', ')}`);
  if (!SECTIONS.includes(fields.section))
    throw new Error(`changes/${name}: section must be ${SECTIONS.join(', ')}`);
  if (body.trim() === '') throw new Error(`changes/${name} says nothing`);
  return { name, bump: fields.bump, section: fields.section, text: body.trim() };
}

/** The largest step that a change asks for. Undefined without changes. */
export function bumpOf(changes) {
  return BUMPS.findLast(bump => changes.some(change => change.bump === bump));
}

/** The version after this one. Throws for a version that is not `major.minor.patch`. */
export function nextVersion(version, bump) {
  const numbers = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) throw new Error(`${version} is no version of the form 1.2.3`);
  const [major, minor, patch] = numbers;
  if (bump === 'major') return `${major + 1}.0.0`;
  return bump === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}
