import { describe, expect, it } from 'vitest';

interface ChangeFile {
  readonly bump: string;
  readonly section: string;
  readonly text: string;
}

const { parseChange, bumpOf, nextVersion } = (await import(
  '../../release/version/change-files.mjs' as string
)) as {
  parseChange(name: string, text: string): ChangeFile;
  bumpOf(changes: readonly Pick<ChangeFile, 'bump'>[]): string | undefined;
  nextVersion(version: string, bump: string): string;
};
const { releaseChangelog } = (await import('../../release/version/changelog.mjs' as string)) as {
  releaseChangelog(
    changelog: string,
    options: {
      readonly version: string;
      readonly date: string;
      readonly changes: readonly Omit<ChangeFile, 'bump'>[];
    },
  ): { readonly text: string; readonly notes: string };
};

describe('a file of changes/', () => {
  it('has a step, a section and a text', () => {
    expect(parseChange('a.md', '---\nbump: minor\nsection: Added\n---\n\n- One.\n')).toEqual({
      name: 'a.md',
      bump: 'minor',
      section: 'Added',
      text: '- One.',
    });
  });

  it.each([
    ['no front matter', '- One.', 'changes/a.md does not begin with --- lines'],
    ['an unknown step', '---\nbump: huge\nsection: Added\n---\n- One.', 'bump must be patch, minor, major'],
    ['no step', '---\nsection: Added\n---\n- One.', 'bump must be patch, minor, major'],
    ['an unknown section', '---\nbump: minor\nsection: New\n---\n- One.', 'section must be Upgrading'],
    ['an unknown field', '---\nbump: minor\ntype: Added\n---\n- One.', 'changes/a.md has a field "type"'],
    ['no text', '---\nbump: minor\nsection: Added\n---\n\n', 'changes/a.md says nothing'],
  ])('with %s is rejected by its name', (_, text, sentence) => {
    expect(() => parseChange('a.md', text)).toThrow(sentence);
  });
});

describe('the version', () => {
  it.each([
    ['0.1.0', 'patch', '0.1.1'],
    ['0.1.9', 'minor', '0.2.0'],
    ['1.9.9', 'major', '2.0.0'],
  ])('%s after a %s change is %s', (version, bump, next) => {
    expect(nextVersion(version, bump)).toBe(next);
  });

  it('is no pre-release', () => {
    expect(() => nextVersion('1.0.0-rc.1', 'patch')).toThrow('1.0.0-rc.1 is no version');
  });

  it('takes the largest step', () => {
    expect(bumpOf([{ bump: 'minor' }, { bump: 'major' }, { bump: 'patch' }])).toBe('major');
    expect(bumpOf([])).toBeUndefined();
  });
});

const HEAD = '# Changelog\n\nFormat.\n\n';

describe('the changelog', () => {
  const version = { version: '0.2.0', date: '2026-03-01', changes: [] };

  it('moves what is unreleased, the table of upgrading with it', () => {
    const upgrading = 'Stop the workers.\n\n| before | now |\n| --- | --- |\n| `A` | `B` |';
    const unreleased = `### Upgrading\n\n${upgrading}\n\n### Added\n\n- One.\n  More of it.`;
    const { text, notes } = releaseChangelog(`${HEAD}## Unreleased\n\n${unreleased}\n`, version);
    expect(notes).toBe(unreleased);
    expect(text).toBe(`${HEAD}## Unreleased\n\n## 0.2.0 - 2026-03-01\n\n${unreleased}\n`);
  });

  it('adds the files to their sections, and leaves older versions alone', () => {
    const older = '## 0.1.0 - 2026-01-01\n\n### Added\n\n- All.\n';
    const changes = [
      { section: 'Added', text: '- Two.\n  More of it.' },
      { section: 'Added', text: '- Three.' },
      { section: 'Upgrading', text: 'Run set-up.' },
    ];
    const { text } = releaseChangelog(`${HEAD}## Unreleased\n\n### Added\n\n- One.\n\n${older}`, {
      ...version,
      changes,
    });
    const notes = '### Upgrading\n\nRun set-up.\n\n### Added\n\n- Two.\n  More of it.\n- Three.\n- One.';
    expect(text).toBe(`${HEAD}## Unreleased\n\n## 0.2.0 - 2026-03-01\n\n${notes}\n\n${older}`);
  });

  it('keeps paragraphs of one section apart', () => {
    const changes = [{ section: 'Upgrading', text: 'Run set-up.' }];
    const { notes } = releaseChangelog('## Unreleased\n\n### Upgrading\n\nStop the workers.\n', {
      ...version,
      changes,
    });
    expect(notes).toBe('### Upgrading\n\nRun set-up.\n\nStop the workers.');
  });

  it('releases nothing without a change', () => {
    expect(() => releaseChangelog('## Unreleased\n\n## 0.1.0\n\n- All.\n', version)).toThrow(
      'there is no change since the last version',
    );
    expect(() => releaseChangelog('# Changelog\n', version)).toThrow('no heading "## Unreleased"');
  });
});
