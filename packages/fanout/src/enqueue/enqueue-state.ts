import { doubling } from '@walmq/change';
import type { Batch, FillingBatch } from './batch.js';
import { fatalFault } from './fault.js';

/** What the enqueuer knows of its batches. Positions are text that sorts as the stream does. */
export interface EnqueueState {
  readonly phase: EnqueuePhase;
  /** Number of the connection in use or under way; 0 before the first. */
  readonly connection: number;
  /** Batches that are sent and not yet durable, in the order of the stream. */
  readonly inFlight: readonly Batch[];
  /** End of the last batch that Redis held. Never moves back. */
  readonly enqueuedUpTo: string;
  /** What is there goes out without waiting for a full batch. */
  readonly flushWanted: boolean;
  /** Nothing goes out. */
  readonly held: boolean;
}

export type EnqueuePhase =
  /** Nothing was sent yet: the first batch opens the first connection. */
  | { readonly name: 'unconnected' }
  /** Waits for a new connection and the checkpoint that Redis holds. */
  | ({ readonly name: 'connecting' } & Recovery)
  /** Confirms and sends the batches in flight again, one after another, from the checkpoint on. */
  | ({ readonly name: 'resending'; readonly checkpoint: string } & Recovery)
  | { readonly name: 'open' }
  | { readonly name: 'failed'; readonly failure: unknown };

interface Recovery {
  /** Failed tries before this one. */
  readonly attempt: number;
  /** Whether the pause was reported. */
  readonly paused: boolean;
}

/** Events of a connection carry its number, so that a late answer of an earlier connection is ignored. */
export type EnqueueEvent =
  /** A batch was closed, as maySend or maySendProgress allows. */
  | { readonly type: 'taken'; readonly batch: Batch }
  | { readonly type: 'connected'; readonly connection: number; readonly checkpoint: string }
  | { readonly type: 'enqueued'; readonly connection: number; readonly batch: Batch }
  | { readonly type: 'durable'; readonly connection: number; readonly batch: Batch }
  /** A command failed, or its outcome is unknown. */
  | { readonly type: 'fault'; readonly connection: number; readonly error: unknown }
  | { readonly type: 'flush' | 'hold' | 'release' }
  | { readonly type: 'close'; readonly failure: unknown };

export type EnqueueAction =
  /** Open a new connection and read the checkpoint. */
  | { readonly type: 'connect'; readonly afterMs: number }
  | { readonly type: 'write'; readonly batch: Batch }
  /** Make batches durable that an earlier connection wrote. */
  | { readonly type: 'confirm'; readonly batches: readonly Batch[] }
  | { readonly type: 'report-enqueued' | 'report-durable'; readonly batch: Batch }
  | { readonly type: 'report-pause'; readonly error: unknown; readonly retryInMs: number }
  | { readonly type: 'report-resume' }
  | { readonly type: 'report-failure'; readonly failure: unknown };

export interface EnqueueStep {
  readonly state: EnqueueState;
  /** In this order. */
  readonly actions: readonly EnqueueAction[];
}

export function startEnqueue(position: string): EnqueueState {
  return {
    phase: { name: 'unconnected' },
    connection: 0,
    inFlight: [],
    enqueuedUpTo: position,
    flushWanted: false,
    held: false,
  };
}

/**
 * A batch is sent once on a connection. After a fault its outcome is unknown, so a new connection reads the checkpoint
 * before any batch is sent again. Batches are enqueued and durable in the order of the stream, and each is reported once.
 */
export function nextEnqueue(state: EnqueueState, event: EnqueueEvent): EnqueueStep {
  if (state.phase.name === 'failed') return { state, actions: [] };
  if ('connection' in event && event.connection !== state.connection) return { state, actions: [] };
  switch (event.type) {
    case 'taken':
      return taken(state, event.batch);
    case 'connected':
      return connected(state, event.checkpoint);
    case 'enqueued':
      return enqueued(state, event.batch);
    case 'durable':
      return durable(state, event.batch);
    case 'fault':
      return fault(state, event.error);
    case 'flush':
      return { state: { ...state, flushWanted: true }, actions: [] };
    case 'hold':
      return { state: { ...state, held: true }, actions: [] };
    case 'release':
      return { state: { ...state, held: false }, actions: [] };
    case 'close':
      return failed(state, event.failure);
  }
}

/** Whether the batch being filled may be closed and sent. */
export function maySend(
  state: EnqueueState,
  filling: Pick<FillingBatch, 'empty' | 'full'>,
  batchesInFlight: number,
): boolean {
  if (state.held || filling.empty || !isSending(state)) return false;
  if (state.inFlight.length >= batchesInFlight) return false;
  if (filling.full) return true;
  // Nagle's rule (RFC 896): what does not fill a batch waits for the answer to the one before, and grows meanwhile.
  return state.flushWanted && (state.inFlight.at(-1)?.ends ?? '') <= state.enqueuedUpTo;
}

/** Whether a batch without jobs may move the checkpoint. A hold stops jobs, not progress. */
export function maySendProgress(
  state: EnqueueState,
  filling: Pick<FillingBatch, 'empty' | 'advanced'>,
): boolean {
  return isSending(state) && state.inFlight.length === 0 && filling.empty && filling.advanced;
}

function isSending({ phase }: EnqueueState): boolean {
  return phase.name === 'open' || phase.name === 'unconnected';
}

function taken(state: EnqueueState, batch: Batch): EnqueueStep {
  const next = { ...state, inFlight: [...state.inFlight, batch], flushWanted: false };
  if (state.phase.name === 'open') return { state: next, actions: [{ type: 'write', batch }] };
  return connect(next, { attempt: 0, paused: false }, 0);
}

function connect(state: EnqueueState, recovery: Recovery, afterMs: number): EnqueueStep {
  const phase = { name: 'connecting', ...recovery } as const;
  return {
    state: { ...state, phase, connection: state.connection + 1 },
    actions: [{ type: 'connect', afterMs }],
  };
}

/** The checkpoint tells which batches Redis holds although their replies were lost. */
function connected(state: EnqueueState, checkpoint: string): EnqueueStep {
  if (state.phase.name !== 'connecting') return { state, actions: [] };
  const { attempt, paused } = state.phase;
  const written = state.inFlight.filter(batch => batch.ends <= checkpoint);
  let next: EnqueueState = { ...state, phase: { name: 'resending', checkpoint, attempt, paused } };
  const actions: EnqueueAction[] = [];
  for (const batch of written) {
    const step = enqueued(next, batch);
    next = step.state;
    actions.push(...step.actions);
  }
  if (written.length > 0) actions.push({ type: 'confirm', batches: written });
  const step = resend(next);
  return { state: step.state, actions: [...actions, ...step.actions] };
}

/** Sends the first batch in flight that the checkpoint does not cover; opens when none is left. */
function resend(state: EnqueueState): EnqueueStep {
  const { phase } = state;
  if (phase.name !== 'resending') return { state, actions: [] };
  const [batch] = state.inFlight;
  if (batch) return { state, actions: batch.ends <= phase.checkpoint ? [] : [{ type: 'write', batch }] };
  return {
    state: { ...state, phase: { name: 'open' } },
    actions: phase.paused ? [{ type: 'report-resume' }] : [],
  };
}

function enqueued(state: EnqueueState, batch: Batch): EnqueueStep {
  if (batch.ends <= state.enqueuedUpTo) return { state, actions: [] };
  return { state: { ...state, enqueuedUpTo: batch.ends }, actions: [{ type: 'report-enqueued', batch }] };
}

function durable(state: EnqueueState, batch: Batch): EnqueueStep {
  const [first, ...rest] = state.inFlight;
  if (first !== batch) return { state, actions: [] };
  const step = resend({ ...state, inFlight: rest });
  return { state: step.state, actions: [{ type: 'report-durable', batch }, ...step.actions] };
}

function fault(state: EnqueueState, error: unknown): EnqueueStep {
  const fatal = fatalFault(error);
  if (fatal) return failed(state, fatal);
  const attempt = 'attempt' in state.phase ? state.phase.attempt + 1 : 0;
  const retryInMs = retryDelayMs(attempt);
  const step = connect(state, { attempt, paused: true }, retryInMs);
  return { state: step.state, actions: [{ type: 'report-pause', error, retryInMs }, ...step.actions] };
}

function failed(state: EnqueueState, failure: unknown): EnqueueStep {
  return {
    state: { ...state, phase: { name: 'failed', failure } },
    actions: [{ type: 'report-failure', failure }],
  };
}

/** The first try follows at once: most faults are a connection that was cut. */
function retryDelayMs(attempt: number): number {
  return attempt === 0 ? 0 : doubling(100, attempt - 1, 5000);
}
