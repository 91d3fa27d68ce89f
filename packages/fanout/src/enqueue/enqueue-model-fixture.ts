import { WalmqError } from '@walmq/change';
import { expect } from 'vitest';
import { type Batch, FillingBatch } from './batch.js';
import {
  type EnqueueAction,
  type EnqueueEvent,
  maySend,
  maySendProgress,
  nextEnqueue,
  startEnqueue,
} from './enqueue-state.js';

export const START = position(0);

/** A position that sorts as its number does. */
export function position(n: number): string {
  return String(n).padStart(6, '0');
}

const CUT = new Error('the connection was cut');
const REJECTED = Object.assign(new Error('ERR unknown command'), { name: 'ReplyError' });

/** What may happen next, on our side, on the connection and in Redis. */
export const MOVES = [
  'add',
  'advance',
  'flush',
  'hold',
  'release',
  'progress',
  'serve',
  'serve',
  'lose the reply',
  'cut',
  'not durable',
] as const;
export type Move = (typeof MOVES)[number] | 'reject' | 'close';

export const IN_FLIGHT = 2;

type Command =
  | { readonly kind: 'connect' | 'confirm' }
  | { readonly kind: 'write' | 'make durable'; readonly batch: Batch };

/** For tests: the state machine with a Redis that holds a checkpoint, and a connection that answers in order or is cut. */
export class EnqueueModel {
  state = startEnqueue(START);
  readonly filling = new FillingBatch({ jobs: 3, bytes: 1e6 }, START, '');
  added = 0;
  /** Positions of the jobs that Redis holds, in its order. */
  readonly jobs: string[] = [];
  readonly reportedEnqueued: Batch[] = [];
  readonly reportedDurable: Batch[] = [];
  #checkpoint = START;
  #durableUpTo = START;
  /** Sent on the connection and not yet answered. */
  #commands: Command[] = [];
  /** The connection on which each batch was sent last, and the checkpoint that it was opened with. */
  readonly #sentOn = new Map<Batch, number>();
  #opened = { connection: 0, checkpoint: START };
  #confirmed: Batch[] = [];

  get waits(): boolean {
    return this.#commands.length > 0;
  }

  move(move: Move): void {
    switch (move) {
      case 'add':
        if (!this.filling.full) this.#add();
        break;
      case 'advance':
        this.filling.reach(position(++this.added));
        break;
      case 'progress':
        if (maySendProgress(this.state, this.filling)) this.#take();
        break;
      case 'flush':
        if (!this.filling.empty) this.#handle({ type: 'flush' });
        break;
      case 'hold':
      case 'release':
        this.#handle({ type: move });
        break;
      case 'close':
        this.#handle({ type: 'close', failure: new Error('closed') });
        break;
      case 'serve':
        this.#serve();
        break;
      case 'lose the reply':
        this.#run(this.#commands[0]);
        this.#breakOff(CUT);
        break;
      case 'cut':
        this.#breakOff(CUT);
        break;
      case 'reject':
        this.#breakOff(REJECTED);
        break;
      case 'not durable':
        if (this.#commands[0]?.kind === 'make durable' || this.#commands[0]?.kind === 'confirm')
          this.#breakOff(new WalmqError('NOT_DURABLE_YET', 'too few replicas.'));
    }
    this.#send();
    expect(this.state.inFlight.length).toBeLessThanOrEqual(IN_FLIGHT);
    // Nothing is ever in flight that no answer will come for.
    if (this.state.phase.name !== 'failed') expect(this.waits).toBe(this.state.inFlight.length > 0);
  }

  #add(): void {
    const at = position(++this.added);
    this.filling.add([{ queue: 0, id: at, name: 'insert', data: '{}', orderingKeys: [] }]);
    this.filling.reach(at);
  }

  #send(): void {
    while (maySend(this.state, this.filling, IN_FLIGHT)) this.#take();
  }

  #take(): void {
    this.#handle({ type: 'taken', batch: this.filling.take() });
  }

  #handle(event: EnqueueEvent): void {
    const step = nextEnqueue(this.state, event);
    this.state = step.state;
    for (const action of step.actions) this.#act(action);
    this.#send();
  }

  #act(action: EnqueueAction): void {
    switch (action.type) {
      case 'connect':
        expect(this.#commands, 'one connection at a time').toEqual([]);
        this.#commands.push({ kind: 'connect' });
        break;
      case 'confirm':
        this.#confirmed = [...action.batches];
        this.#commands.push({ kind: 'confirm' });
        break;
      case 'write': {
        // Never twice without asking the checkpoint, and never what the checkpoint holds.
        expect(this.#sentOn.get(action.batch) ?? 0).toBeLessThan(this.#opened.connection);
        expect(this.#opened.connection).toBe(this.state.connection);
        expect(action.batch.ends > this.#opened.checkpoint).toBe(true);
        this.#sentOn.set(action.batch, this.state.connection);
        this.#commands.push({ kind: 'write', batch: action.batch });
        break;
      }
      case 'report-enqueued':
        expect(action.batch.ends <= this.#checkpoint).toBe(true);
        this.reportedEnqueued.push(action.batch);
        break;
      case 'report-durable':
        expect(action.batch.ends <= this.#durableUpTo).toBe(true);
        this.reportedDurable.push(action.batch);
    }
  }

  /** Runs the oldest command and delivers its reply. */
  #serve(): void {
    const command = this.#commands[0];
    if (!command) return;
    this.#run(command);
    this.#commands.shift();
    const { connection } = this.state;
    switch (command.kind) {
      case 'connect':
        this.#opened = { connection, checkpoint: this.#checkpoint };
        this.#handle({ type: 'connected', connection, checkpoint: this.#checkpoint });
        break;
      case 'confirm':
        for (const batch of this.#confirmed) this.#handle({ type: 'durable', connection, batch });
        break;
      case 'write':
        this.#commands.push({ kind: 'make durable', batch: command.batch });
        this.#handle({ type: 'enqueued', connection, batch: command.batch });
        break;
      case 'make durable':
        this.#handle({ type: 'durable', connection, batch: command.batch });
    }
  }

  #run(command: Command | undefined): void {
    if (command?.kind === 'confirm' || command?.kind === 'make durable') this.#durableUpTo = this.#checkpoint;
    if (command?.kind !== 'write') return;
    expect(command.batch.follows, 'the checkpoint is where the batch follows').toBe(this.#checkpoint);
    this.jobs.push(...command.batch.jobs.map(({ id }) => id));
    this.#checkpoint = command.batch.ends;
  }

  /** The oldest command fails with this error and takes all others of its connection with it. */
  #breakOff(error: Error): void {
    const { connection } = this.state;
    const failed = this.#commands;
    this.#commands = [];
    for (const [at] of failed.entries())
      this.#handle({ type: 'fault', connection, error: at === 0 ? error : CUT });
  }
}
