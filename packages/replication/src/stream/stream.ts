import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { LSN_ZERO, type Lsn, WalmqError } from '@walmq/change';
import type { ClientConfig } from 'pg';
import type { LogicalReplicationService } from 'pg-logical-replication';
import type { Message } from '../protocol/messages.js';
import { standbyStatus } from '../protocol/status.js';
import { replicationFailure } from './failure.js';
import { type CopyConnection, PgoutputPlugin } from './plugin.js';
import { replicationService } from './service.js';
import { PlaceKeeper } from './stream-place.js';

/** Milliseconds that the server may take to end the COPY stream before the connection is closed. */
const GOODBYE_MS = 2000;
/**
 * Milliseconds in which acknowledgements share one status message. Each message wakes the walsender; without this limit, that
 * would be thousands of times per second. With 20 ms, writing them took a sixth of capture's time at 400 changes per second.
 */
const ACKNOWLEDGED_TOGETHER_MS = 100;
/** Milliseconds after a break in which the reader can take the messages that had arrived, before `broken` rejects. */
const LAST_RUNS_MS = 5000;

export interface StreamOptions {
  /** Connection to the server itself, not to a pooler. Its settings give values the text forms that value.ts reads. */
  readonly connection: ClientConfig;
  readonly slot: string;
  readonly publication: string;
  /** Encoding of the database. */
  readonly encoding: string;
  /** Bytes of parsed messages that the reader has not taken; above this, the socket is paused. */
  readonly highWaterBytes: number;
  /** Milliseconds between status messages, which are sent even while nothing is read. */
  readonly statusIntervalMs: number;
  /** Milliseconds without a byte from the server, although a reply was requested, after which `isLost` decides. */
  readonly silenceMs: number;
  /**
   * Resolves to true if a silent connection is lost, to false if its walsender is at work: a walsender that decodes a large
   * transaction may send nothing for as long as the decoding takes.
   */
  readonly isLost: (silence: { readonly pid: number; readonly silentMs: number }) => Promise<boolean>;
  /** Gets each warning of the server that does not end the stream once, as a sentence. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/**
 * The stream of one replication connection. Yields messages in the order in which the server sends them, in runs of all
 * messages that have arrived. If the reader is slow, the socket is paused and PostgreSQL's WAL is the buffer. Status messages
 * are still sent.
 *
 * A stream is used once. It starts at the slot's acknowledged position (0/0 requests this).
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
  /** True once the server has started to stream: from then on, an error of the server is about a change. */
  #begun = false;
  readonly #warned = new Set<string>();
  #wake: (() => void) | undefined;
  #stopped = false;
  #ended: { error?: unknown } | undefined;
  #sayBroken: (error: unknown) => void = () => undefined;
  #acknowledged: Lsn = LSN_ZERO;
  #acknowledging: NodeJS.Timeout | undefined;
  #bytesHeard = 0;
  /** Status intervals without a byte. Counted, not timed, so that time in which this process was suspended does not count. */
  #silentIntervals = 0;
  #asking = false;
  #fail: (error: unknown) => void = () => undefined;
  /** Settles when the COPY stream has ended, whichever side ended it. */
  #over: Promise<void> = Promise.resolve();

  /**
   * Rejects some seconds after the connection breaks. Iteration throws earlier, but not for a reader that is blocked and takes
   * no further run. Never resolves.
   */
  readonly broken = new Promise<never>((_, reject) => {
    this.#sayBroken = reject;
  });

  private constructor(options: StreamOptions) {
    this.#options = options;
    this.#service = replicationService(options.connection);
    this.#statusTimer = setInterval(() => this.#listen(), options.statusIntervalMs);
    this.broken.catch(() => undefined);
  }

  /** Resolves when the server starts to stream. Rejects with a WalmqError if the server does not. */
  static async open(options: StreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(options);
    await stream.#start();
    return stream;
  }

  /** Process id of the walsender. */
  get pid(): number {
    return this.#pid;
  }

  /** True if the reader has taken every message that has arrived. */
  get drained(): boolean {
    return this.#ready.length === 0;
  }

  /** True while the socket is paused: messages wait to be taken, and no more data is received. */
  get full(): boolean {
    return this.#readyBytes > this.#options.highWaterBytes;
  }

  /** Confirms exactly this LSN to the slot, within ACKNOWLEDGED_TOGETHER_MS and in every later status message. */
  acknowledge(lsn: Lsn): void {
    if (lsn <= this.#acknowledged) return;
    this.#acknowledged = lsn;
    this.#acknowledging ??= setTimeout(() => {
      this.#acknowledging = undefined;
      this.#sendStatus();
    }, ACKNOWLEDGED_TOGETHER_MS);
  }

  /** Stops reading. Iteration ends after the current run; the connection stays open for the last acknowledgements. */
  stop(): void {
    this.#stopped = true;
    this.#connection?.stream.pause();
    this.#wakeUp();
  }

  /** Yields runs of messages until the connection ends or `stop` is called. Throws the error that broke the connection. */
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

  /** Sends the last acknowledged LSN, ends the COPY stream, then closes the connection. */
  async close(): Promise<void> {
    clearInterval(this.#statusTimer);
    clearTimeout(this.#acknowledging);
    if (this.#connection && !this.#ended) {
      this.#sendStatus();
      this.#connection.endCopyFrom();
      this.#end();
      // Read and drop the data in flight: closing a socket with unread data resets the connection, and the last status
      // message would be lost.
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
    const fail = (error: unknown) => {
      this.#end(error);
      reject(this.#failure(error));
    };
    this.#fail = fail;
    this.#service.on('error', (error: Error) => fail(error));
    const plugin = new PgoutputPlugin({
      publication: this.#options.publication,
      encoding: this.#options.encoding,
      onMessage: (message, bytes) => {
        this.#push(message, bytes);
        if (message.tag === 'keepalive' && message.replyRequested) this.#sendStatus();
      },
      onUnreadable: fail,
      onWarning: sentence => this.#warn(sentence),
      onConnection: (connection, pid) => {
        this.#connection = connection;
        this.#pid = pid;
      },
    });
    this.#over = this.#service.subscribe(plugin, this.#options.slot).then(() => this.#end(), fail);
  }

  /** Reports each sentence once: the server repeats some warnings every second while their cause lasts. */
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
   * Sends a status message, and detects a dead connection. A connection may die without being closed (a lost host, a firewall
   * that dropped its state), and then looks like a quiet server. So a quiet server is asked for a reply. While the socket is
   * paused, missing bytes do not count as silence.
   */
  #listen(): void {
    if (!this.#connection || this.#ended) return;
    const { bytesRead } = this.#connection.stream as Socket;
    const reading = !this.#stopped && !this.full;
    this.#silentIntervals = reading && bytesRead === this.#bytesHeard ? this.#silentIntervals + 1 : 0;
    this.#bytesHeard = bytesRead;
    this.#sendStatus(this.#silentIntervals > 0);
    // In the second interval without a byte: the reply was requested in the first one.
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
    const { stream } = this.#connection;
    // Both updates in one packet.
    stream.cork();
    for (const update of standbyStatus(this.#acknowledged, Date.now(), replyRequested))
      this.#connection.sendCopyFromChunk(update);
    stream.uncork();
  }
}

function silent(silenceMs: number): WalmqError {
  return new WalmqError(
    'REPLICATION_LOST',
    `the replication connection was lost: PostgreSQL has not answered for ${silenceMs} ms.`,
  );
}
