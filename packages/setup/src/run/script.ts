import type { RunStep, SetupStep } from '../plan/step.js';

/**
 * The steps as a script for psql, one statement after the other, without a transaction around them: PostgreSQL creates no
 * slot in a transaction that has written. Warnings become comments.
 */
export function setupScript(steps: readonly SetupStep[], lockTimeoutMs: number): string {
  const said = steps.filter(step => step.status !== 'ok');
  const toRun = said.filter((step): step is RunStep => step.status === 'run');
  if (toRun.length === 0) return [...said.map(comment), '-- nothing to do'].join('\n');
  return [
    '-- For psql, without --single-transaction; running it again does no harm.',
    `SET lock_timeout = '${lockTimeoutMs}ms';`,
    ...said.map(step => `\n${comment(step)}${step.status === 'run' ? `\n${statements(step)}` : ''}`),
  ].join('\n');
}

function statements({ recordBefore, sql, recordAfter }: RunStep): string {
  return [recordBefore, sql, recordAfter].filter(statement => statement !== undefined).join('\n');
}

/** One line: a table's name may contain a line break, and psql would run the text after it. */
function comment(step: SetupStep): string {
  const what = step.what.replaceAll(/[\r\n]+/g, ' ');
  return step.status === 'warning' ? `-- warning: ${what}` : `-- ${what}`;
}
