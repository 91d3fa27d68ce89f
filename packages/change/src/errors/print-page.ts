import type { ErrorEntry, Outcome } from './entry.js';
import { ERROR_SECTIONS } from './registry.js';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  ends: 'the process ends with exit code 1. walmq has acknowledged nothing past the fault, so a restart after the repair loses nothing. A supervisor may restart at will.',
  retries:
    'capture, workers and the dashboard retry by themselves, for as long as it takes. A command ends with exit code 1.',
  'stands by': 'capture waits as a standby. A command ends with exit code 1.',
  blocks: 'capture retries with a growing delay and is not *ready*. A person has to decide.',
  change:
    'the consequence is for one change only. It fails, is retried, is postponed or is dropped, and the process goes on.',
  refused:
    'the command, action or call does nothing more and reports the error. A command ends with exit code 1.',
  reported:
    '`walmq status`, the dashboard and the metrics report it, and capture goes on. A command that meets it ends with exit code 1.',
};

const HEAD = `# Errors

<!-- Written by "npm run errors-page" from packages/change/src/errors. Do not edit this page. -->

Every error has a code, which logs, \`/ready\`, metrics and the command line print: \`CODE: what is wrong. What to do.\` This page
lists every code that walmq uses. The link of a code is \`docs/reference/errors.md#CODE\`. What to do in an outage is in
[operations](../guides/operations.md); the checks of \`walmq doctor\` are in [doctor](doctor.md).

The last column says what the code leads to:
`;

/** The text of docs/reference/errors.md. */
export function printPage(): string {
  const legend = Object.entries(OUTCOMES).map(([word, sentence]) => `- *${word}*: ${sentence}`);
  const sections = ERROR_SECTIONS.map(
    ({ title, errors }) =>
      `## ${title}\n\n| code | meaning | what to do | from | outcome |\n| --- | --- | --- | --- | --- |\n${Object.entries<ErrorEntry>(errors).map(row).join('\n')}\n`,
  );
  return [HEAD, `${legend.join('\n')}\n`, ...sections].join('\n');
}

function row([code, { meaning, remedy, from, outcome }]: [string, ErrorEntry]): string {
  return `| <a id="${code}"></a>\`${code}\` | ${meaning} | ${remedy} | ${from.join(', ')} | ${outcome} |`;
}
