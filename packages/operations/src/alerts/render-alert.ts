import type { AlertKind, AlertMessage } from './alert-state.js';

/** A message in words, before it becomes JSON or a mail. */
export interface RenderedAlert {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly remedy: string;
  readonly since: string;
  /** The dashboard; null if the configuration names none. */
  readonly dashboardUrl: string | null;
  /** What the code means. */
  readonly runbook: string;
}

export interface AlertPlace {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** Without a slash at the end. */
  readonly dashboardUrl: string | undefined;
}

const WORDS = { error: 'Problem', warning: 'Warning', info: 'Note' } as const;

const TITLES: Readonly<Record<AlertKind, (word: string, what: string) => string>> = {
  problem: (word, what) => `${word}: ${what}`,
  reminder: (word, what) => `Still ${word.toLowerCase()}: ${what}`,
  over: (_word, what) => `Over: ${what}`,
  test: () => 'Test of alerts',
};

export function renderAlert(message: AlertMessage, { pipeline, dashboardUrl }: AlertPlace): RenderedAlert {
  const { kind, code, severity, queue, sentences, remedy, sinceMs } = message;
  const what = queue === null ? code : `${code}, queue "${queue}"`;
  return {
    title: `[${pipeline}] ${TITLES[kind](WORDS[severity], what)}`,
    sentences,
    remedy,
    since: new Date(sinceMs).toISOString(),
    dashboardUrl: dashboardUrl === undefined ? null : `${dashboardUrl}/`,
    runbook:
      dashboardUrl === undefined
        ? `docs/reference/errors.md#${code}`
        : `${dashboardUrl}/runbook#${encodeURIComponent(code)}`,
  };
}

/** Lines of plain text below the title. */
export function alertLines(
  { sentences, remedy, since, dashboardUrl, runbook }: RenderedAlert,
  kind: AlertKind,
): string[] {
  const isOver = kind === 'over';
  return [
    ...(isOver ? [`It is over. It began at ${since}.`] : sentences),
    ...(isOver || remedy === '' ? [] : [`What to do: ${remedy}`]),
    ...(isOver || kind === 'test' ? [] : [`Since ${since}.`]),
    ...(dashboardUrl === null ? [] : [`Dashboard: ${dashboardUrl}`]),
    `Runbook: ${runbook}`,
  ];
}

/** The message of `walmq alert --test`. */
export function testAlert(nowMs: number): AlertMessage {
  return {
    id: `test-${nowMs}`,
    kind: 'test',
    code: 'ALERTS_FAIL',
    severity: 'info',
    queue: null,
    sentences: ['This is a test of the alerts. Nothing is wrong.'],
    remedy: '',
    sinceMs: nowMs,
    atMs: nowMs,
  };
}
