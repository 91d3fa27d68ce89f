import { createHash } from 'node:crypto';
import type { Severity, Verdict } from '../status/pipeline-status.js';
import {
  type AlertKind,
  type AlertMessage,
  type AlertState,
  type Delivery,
  type OpenProblem,
  problemKey,
} from './alert-state.js';

/** Which verdicts are told, when, and to whom. Times in milliseconds. */
export interface AlertRules {
  /** The least severity that is told. */
  readonly severity: Severity;
  /** Codes that are not told. */
  readonly mute: readonly string[];
  /** How long a problem must last before it is told. */
  readonly holdMs: number;
  /** The same for single codes. */
  readonly holdMsOf: Readonly<Record<string, number>>;
  /** How long a problem must be gone before it is over. */
  readonly overAfterMs: number;
  /** From one message about a problem to the next while it lasts. 0: no reminders. */
  readonly remindMs: number;
  readonly targets: readonly TargetRules[];
}

export interface TargetRules {
  readonly name: string;
  readonly severity: Severity;
  readonly mute: readonly string[];
}

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };
/** Verdicts of which the others cannot be seen. */
const BLINDING: ReadonlySet<string> = new Set(['REDIS_UNREACHABLE', 'DATABASE_UNREACHABLE']);
/** Messages that wait for one target. The oldest are given up. */
const MAX_WAITING = 50;
const MAX_SENTENCES = 5;

/** From the verdicts of a look and what is remembered, to what is remembered next: the messages to send are in its outbox. */
export function decideAlerts({
  verdicts,
  state,
  nowMs,
  rules,
}: {
  readonly verdicts: readonly Verdict[];
  readonly state: AlertState;
  readonly nowMs: number;
  readonly rules: AlertRules;
}): AlertState {
  const seen = problemsIn(verdicts, rules);
  const isBlind = verdicts.some(({ code }) => BLINDING.has(code));
  const problems: Record<string, OpenProblem> = {};
  const messages: AlertMessage[] = [];
  for (const key of new Set([...Object.keys(state.problems), ...seen.keys()])) {
    const step = nextStep(state.problems[key], seen.get(key), { nowMs, rules, isBlind });
    if (step.problem) problems[key] = step.problem;
    if (step.kind) messages.push(messageOf(step.kind, step.about, nowMs));
  }
  return {
    revision: state.revision + 1,
    savedAtMs: nowMs,
    problems,
    ...addressed(state, messages, { nowMs, rules }),
  };
}

type Seen = Pick<OpenProblem, 'code' | 'severity' | 'queue' | 'sentences' | 'remedy'>;

function problemsIn(verdicts: readonly Verdict[], rules: AlertRules): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const verdict of verdicts) {
    const { code, severity, queue, sentence, remedy } = verdict;
    if (!isTold(verdict, rules)) continue;
    const key = problemKey(verdict);
    const other = seen.get(key);
    seen.set(key, {
      code,
      queue: queue ?? null,
      severity: other && RANKS[other.severity] > RANKS[severity] ? other.severity : severity,
      sentences: [...(other?.sentences ?? NONE), sentence].slice(0, MAX_SENTENCES),
      remedy: other?.remedy ?? remedy,
    });
  }
  return seen;
}

const NONE: readonly string[] = [];

function isTold(
  { code, severity }: Pick<Seen, 'code' | 'severity'>,
  rules: Pick<AlertRules, 'severity' | 'mute'>,
): boolean {
  return RANKS[severity] >= RANKS[rules.severity] && !rules.mute.includes(code);
}

interface Step {
  /** Undefined: nothing is remembered of it. */
  readonly problem: OpenProblem | undefined;
  /** Undefined: nothing to tell. */
  readonly kind: AlertKind | undefined;
  readonly about: OpenProblem;
}

function nextStep(
  before: OpenProblem | undefined,
  seen: Seen | undefined,
  { nowMs, rules, isBlind }: { nowMs: number; rules: AlertRules; isBlind: boolean },
): Step {
  if (!seen) return goneStep(before as OpenProblem, { nowMs, rules, isBlind });
  const problem: OpenProblem = {
    ...seen,
    sinceMs: Math.min(before?.sinceMs ?? nowMs, nowMs),
    lastSeenMs: nowMs,
    toldMs: before?.toldMs ?? null,
    told: before?.told ?? 0,
  };
  const kind = kindOf(problem, before, { nowMs, rules });
  if (!kind) return { problem, kind, about: problem };
  const told = { ...problem, toldMs: nowMs, told: problem.told + 1 };
  return { problem: told, kind, about: told };
}

function kindOf(
  { code, severity, sinceMs, toldMs }: OpenProblem,
  before: OpenProblem | undefined,
  { nowMs, rules }: { nowMs: number; rules: AlertRules },
): AlertKind | undefined {
  if (toldMs === null)
    return nowMs - sinceMs >= (rules.holdMsOf[code] ?? rules.holdMs) ? 'problem' : undefined;
  if (before && RANKS[severity] > RANKS[before.severity]) return 'problem';
  return rules.remindMs > 0 && nowMs - toldMs >= rules.remindMs ? 'reminder' : undefined;
}

/** What is not seen may be hidden: an unreachable server shows none of its problems. */
function goneStep(
  before: OpenProblem,
  { nowMs, rules, isBlind }: { nowMs: number; rules: AlertRules; isBlind: boolean },
): Step {
  const hidden = isBlind && !BLINDING.has(before.code);
  if (hidden) return { problem: { ...before, lastSeenMs: nowMs }, kind: undefined, about: before };
  if (before.toldMs === null) return { problem: undefined, kind: undefined, about: before };
  if (nowMs - before.lastSeenMs < rules.overAfterMs)
    return { problem: before, kind: undefined, about: before };
  return { problem: undefined, kind: 'over', about: { ...before, told: before.told + 1 } };
}

function messageOf(kind: AlertKind, about: OpenProblem, atMs: number): AlertMessage {
  const { code, severity, queue, sentences, remedy, sinceMs, told } = about;
  const identity = JSON.stringify([kind, code, queue, sinceMs, told]);
  const id = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  return { id, kind, code, severity, queue, sentences, remedy, sinceMs, atMs };
}

/** The outbox with the new messages, and what is known of the targets. Forgets targets that are configured no more. */
function addressed(
  { outbox, targets }: AlertState,
  messages: readonly AlertMessage[],
  { nowMs, rules }: { nowMs: number; rules: AlertRules },
): Pick<AlertState, 'outbox' | 'targets'> {
  const kept: Delivery[] = [];
  const known: Record<string, AlertState['targets'][string]> = {};
  for (const target of rules.targets) {
    const wanted = messages.filter(message => isTold(message, target));
    const waiting = [
      ...outbox.filter(delivery => delivery.target === target.name),
      ...wanted.map(message => ({ target: target.name, message, attempts: 0, dueMs: nowMs })),
    ];
    kept.push(...waiting.slice(-MAX_WAITING));
    const before = targets[target.name];
    const lost = Math.max(0, waiting.length - MAX_WAITING);
    if (before || lost > 0)
      known[target.name] = {
        failingSinceMs: before?.failingSinceMs ?? null,
        error: before?.error ?? null,
        lost: (before?.lost ?? 0) + lost,
      };
  }
  return { outbox: kept, targets: known };
}
