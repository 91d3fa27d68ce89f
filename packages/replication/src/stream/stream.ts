import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { LSN_ZERO, type Lsn, parseLsn, WalmqError } from '@walmq/change';
import type { ClientConfig } from 'pg';
import { LogicalReplicationService } from 'pg-logical-replication';
import type { Message } from '../protocol/messages.js';
import { standbyStatus } from '../protocol/status.js';
import { replicationFailure } from './failure.js';
import { type CopyConnection, PgoutputPlugin } from './plugin.js';
import { PlaceKeeper } from './stream-place.js';

/** How long a server may take to end the COPY stream before the connection is cut. */
const GOODBYE_MS = 2000;
/** Acknowledgements this close together are one status message: each wakes the walsender, thousands of them a second. */
const ACKNOWLEDGED_TOGETHER_MS = 20;
/** How long what had arrived before the connection broke has to be taken, before the break is said aside of it. */
const LAST_RUNS_MS = 5000;

export interface StreamOptions {
  /** To the server itself, with settings under which values are written as value.ts reads them. */
  readonly connection: ClientConfig;
  readonly slot: string;
  readonly publication: string;
  /** Of the database. */
  readonly encoding: string;
  /** Bytes of messages decoded and not yet taken past which the socket is paused. */
  readonly highWaterBytes: number;
  /** Milliseconds between status messages, which go on whether or not anything is read. */
  readonly statusIntervalMs: number;
  /** Milliseconds without a byte from the server, although it was asked, after which `isLost` decides. */
  readonly silenceMs: number;
  /**
   * Whether a connection that has been silent for so long is lost, or its walsender is at work: one that decodes a large
   * transaction may be silent for as long as that takes.
   */
  readonly isLost: (silence: { readonly pid: number; readonly silentMs: number }) => Promise<boolean>;
  /** The server warns of something that does not end the stream: each sentence once. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/**
 * The stream of one replication connection: messages in the order of the WAL, in runs of all that had arrived.
 * What is not taken pauses the socket, so that PostgreSQL's WAL is the buffer; status messages go on meanwhile.
 *
 * A stream is used once. It starts where the slot says (0/0): the slot knows what was acknowledged.
 */
export class ReplicationStream implements AsyncIterable<readonly Message[]> {
  readonly #options: StreamOptions;
  readonly #service: LogicalReplicationService;
  readonly #statusTimer: NodeJS.Timeout;
  #connection: CopyConnection | undefined;
  #pid = 0;
  #ready: Message[] = [];
  #readyBytes = 0;
  readonly #keeper = new PlaceKeeper();
  /** True from the server's word that it streams: what it refuses from then on is about a change. */
  #begun = false;
  readonly #warned = new Set<string>();
  #wake: (() => void) | undefined;
  #stopped = false;
  #ended: { error?: unknown } | undefined;
  #sayBroken: (error: unknown) => void = () => undefined;
  #acknowledged: Lsn = LSN_ZERO;
  #acknowledging: NodeJS.Timeout | undefined;
  #bytesHeard = 0;
  /** Status intervals without a byte. Counted, not timed: a process that was suspended has missed nothing. */
  #silentIntervals = 0;
  #asking = false;
  #fail: (error: unknown) => void = () => undefined;
  /** Settles when the COPY stream is over, whichever side ended it. */
  #over: Promise<void> = Promise.resolve();

  /**
   * Rejects some seconds after the connection broke: iteration says it sooner, but for a reader that takes nothing,
   * because it has nowhere to put it. Never resolves.
   */
  readonly broken = new Promise<never>((_, reject) => {
    this.#sayBroken = reject;
  });

  private constructor(options: StreamOptions) {
    this.#options = options;
    this.#service = new LogicalReplicationService(options.connection, {
      // The package adds 1 to what it acknowledges and acknowledges what it merely received: we do it ourselves.
      acknowledge: { auto: false, timeoutSeconds: 0 },
      flowControl: { enabled: false },
    });
    this.#statusTimer = setInterval(() => this.#listen(), options.statusIntervalMs);
    this.broken.catch(() => undefined);
  }

  /** Resolves when the server starts to stream. Rejects with a WalmqError if it does not. */
  static async open(options: StreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(options);
    await stream.#start();
    return stream;
  }

  /** Of the walsender. */
  get pid(): number {
    return this.#pid;
  }

  /** True when all that has arrived has been taken. */
  get drained(): boolean {
    return this.#ready.length === 0;
  }

  /** True while the socket is paused: received data waits to be read, and no more is received. */
  get full(): boolean {
    return this.#readyBytes > this.#options.highWaterBytes;
  }

  /** The position the server may forget everything before: exactly this, in a moment and in every status message. */
  acknowledge(lsn: Lsn): void {
    if (lsn <= this.#acknowledged) return;
    this.#acknowledged = lsn;
    this.#acknowledging ??= setTimeout(() => {
      this.#acknowledging = undefined;
      this.#sendStatus();
    }, ACKNOWLEDGED_TOGETHER_MS);
  }

  /** Stops reading: iteration ends after the run in hand, and the connection stays for the last acknowledgements. */
  stop(): void {
    this.#stopped = true;
    this.#connection?.stream.pause();
    this.#wakeUp();
  }

  /** Runs of messages until the connection ends or `stop`; throws what broke it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Message[]> {
    while (true) {
      if (this.#stopped) {
        return;
      } else if (this.#ready.length > 0) {
        yield this.#take();
      } else if (this.#ended) {
        if (this.#ended.error !== undefined) throw this.#failure(this.#ended.error);
        return;
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** Sends the last acknowledged position, ends the COPY stream in good order, then the connection. */
  async close(): Promise<void> {
    clearInterval(this.#statusTimer);
    clearTimeout(this.#acknowledging);
    if (this.#connection && !this.#ended) {
      this.#sendStatus();
      this.#connection.endCopyFrom();
      this.#end();
      // What the server had under way is read and dropped: unread data would reset the connection and take
      // the last status message with it.
      this.#connection.stream.resume();
      await Promise.race([this.#over, wait(GOODBYE_MS, undefined, { ref: false })]);
    }
    await this.#service.destroy();
  }

  async #start(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => this.#subscribe(resolve, reject));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #subscribe(resolve: () => void, reject: (error: unknown) => void): void {
    this.#service.on('start', () => {
      this.#begun = true;
      resolve();
    });
    this.#service.on('heartbeat', (lsn, _timestamp, replyRequested) => {
      this.#push({ tag: 'keepalive', walEnd: parseLsn(lsn), replyRequested }, 0);
      if (replyRequested) this.#sendStatus();
    });
    const fail = (error: unknown) => {
      this.#end(error);
      reject(this.#failure(error));
    };
    this.#fail = fail;
    this.#service.on('error', (error: Error) => fail(error));
    const plugin = new PgoutputPlugin({
      publication: this.#options.publication,
      encoding: this.#options.encoding,
      onMessage: (message, bytes) => this.#push(message, bytes),
      onUnreadable: fail,
      onWarning: sentence => this.#warn(sentence),
      onConnection: (connection, pid) => {
        this.#connection = connection;
        this.#pid = pid;
      },
    });
    this.#over = this.#service.subscribe(plugin, this.#options.slot).then(() => this.#end(), fail);
  }

  /** Some are repeated every second for as long as they hold. */
  #warn(sentence: string): void {
    if (this.#warned.has(sentence)) return;
    this.#warned.add(sentence);
    this.#options.onWarning?.(sentence);
  }

  #push(message: Message, bytes: number): void {
    if (this.#ended) return;
    this.#keeper.follow(message);
    this.#ready.push(message);
    this.#readyBytes += bytes;
    if (this.full) this.#connection?.stream.pause();
    this.#wakeUp();
  }

  #take(): Message[] {
    const run = this.#ready;
    this.#ready = [];
    this.#readyBytes = 0;
    this.#connection?.stream.resume();
    return run;
  }

  #end(error?: unknown): void {
    this.#ended ??= { error };
    this.#wakeUp();
    if (error === undefined) return;
    const failure = this.#failure(error);
    void wait(LAST_RUNS_MS, undefined, { ref: false }).then(() => this.#sayBroken(failure));
  }

  #failure(error: unknown): WalmqError {
    return replicationFailure(error, this.#options.slot, this.#begun ? this.#keeper.place : undefined);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /**
   * A connection may die without an end (a lost host, a firewall that forgot it), and a quiet server looks the same:
   * so a quiet one is asked, and must answer. What we do not read ourselves is no silence.
   */
  #listen(): void {
    if (!this.#connection || this.#ended) return;
    const { bytesRead } = this.#connection.stream as Socket;
    const reading = !this.#stopped && !this.full;
    this.#silentIntervals = reading && bytesRead === this.#bytesHeard ? this.#silentIntervals + 1 : 0;
    this.#bytesHeard = bytesRead;
    this.#sendStatus(this.#silentIntervals > 0);
    // The second interval without a byte: at the first one it was asked.
    if (this.#silentIntervals > 1 && this.#silentMs > this.#options.silenceMs && !this.#asking)
      void this.#ask();
  }

  get #silentMs(): number {
    return this.#silentIntervals * this.#options.statusIntervalMs;
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const silentMs = this.#silentMs;
    const isLost = await this.#options.isLost({ pid: this.#pid, silentMs });
    this.#asking = false;
    const heard = (this.#connection?.stream as Socket | undefined)?.bytesRead;
    if (isLost && heard === this.#bytesHeard && this.#silentMs >= silentMs) this.#fail(silent(silentMs));
  }

  #sendStatus(replyRequested = false): void {
    if (!this.#connection || this.#ended) return;
    for (const update of standbyStatus(this.#acknowledged, Date.now(), replyRequested))
      this.#connection.sendCopyFromChunk(update);
  }
}

function silent(silenceMs: number): WalmqError {
  return new WalmqError(
    'REPLICATION_LOST',
    `the replication connection was lost: PostgreSQL has not answered for ${silenceMs} ms.`,
  );
}
