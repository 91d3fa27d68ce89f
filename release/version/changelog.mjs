import { SECTIONS } from './change-files.mjs';

const UNRELEASED = '## Unreleased';

/**
 * Turns what stands under "Unreleased", and the changes, into the section of a version. "Unreleased" stays, empty. Throws
 * if there is nothing to release.
 */
export function releaseChangelog(changelog, { version, date, changes }) {
  const begin = changelog.indexOf(`${UNRELEASED}\n`);
  if (begin === -1) throw new Error(`CHANGELOG.md has no heading "${UNRELEASED}"`);
  const rest = changelog.slice(begin + UNRELEASED.length + 1);
  const end = rest.search(/^## /m);
  const notes = withChanges((end === -1 ? rest : rest.slice(0, end)).trim(), changes);
  if (notes === '') throw new Error('there is no change since the last version');
  const older = end === -1 ? '' : `\n${rest.slice(end)}`;
  const text = `${changelog.slice(0, begin)}${UNRELEASED}\n\n## ${version} - ${date}\n\n${notes}\n${older}`;
  return { text, notes };
}

/** Puts each change at the begin of its section, and adds sections that are not there. */
function withChanges(notes, changes) {
  const [lead, ...parts] = notes.split(/^### /m);
  const sections = new Map(
    parts.map(part => {
      const [title, ...lines] = part.split('\n');
      return [title, lines.join('\n').trim()];
    }),
  );
  for (const title of SECTIONS) {
    const texts = changes.filter(({ section }) => section === title).map(({ text }) => text);
    const present = sections.get(title);
    const all = [...texts, ...(present === undefined ? [] : [present])];
    if (all.length > 0) sections.set(title, all.reduce(joined));
  }
  const known = SECTIONS.filter(title => sections.has(title));
  const others = [...sections.keys()].filter(title => !SECTIONS.includes(title));
  const printed = [...known, ...others].map(title => `### ${title}\n\n${sections.get(title)}`);
  return [lead.trim(), ...printed].filter(text => text !== '').join('\n\n');
}

/** Items of a list follow each other. Paragraphs, as those on upgrading, stay apart. */
function joined(above, below) {
  const endsWithItem = above
    .split('\n')
    .findLast(line => !line.startsWith('  '))
    ?.startsWith('- ');
  return `${above}${endsWithItem && below.startsWith('- ') ? '\n' : '\n\n'}${below}`;
}
