/** The process or command that reports a code. */
export type Reporter =
  | 'capture'
  | 'workers'
  | 'dashboard'
  | 'application'
  | 'setup'
  | 'doctor'
  | 'status'
  | 'command line'
  | 'npm start'
  | 'walmq dev'
  | 'every process';

/** Consequence of a fault. The page explains each word once. */
export type Outcome = 'ends' | 'retries' | 'stands by' | 'blocks' | 'change' | 'refused' | 'reported';

/** The entry of one code on the reference page. Markdown, with links relative to docs/reference/. */
export interface ErrorEntry {
  /** What is wrong: one sentence. */
  readonly meaning: string;
  /** What to do: one or two imperative sentences. */
  readonly remedy: string;
  readonly from: readonly [Reporter, ...Reporter[]];
  readonly outcome: Outcome;
}

/** Keeps the codes as a type, and not the texts: declarations would repeat all of them. */
export function errorSection<Code extends string>(
  entries: Readonly<Record<Code, ErrorEntry>>,
): Readonly<Record<Code, ErrorEntry>> {
  return entries;
}
