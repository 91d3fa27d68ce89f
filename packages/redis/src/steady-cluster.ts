import type { EventEmitter } from 'node:events';
import { Cluster, type ClusterOptions } from 'ioredis';

type HandleError = Cluster['handleError'];

/** Members that ioredis' types hide. */
interface Hidden {
  /** Emits "drain" at the end of each node while there is none left. */
  readonly connectionPool: EventEmitter;
  setStatus(status: string): void;
  /** When the last node has ended: the client ends, or waits and connects again. */
  handleCloseEvent(): void;
}

/** In these states no node is left that could end. */
const WITHOUT_NODES = ['wait', 'close', 'reconnecting', 'end'];

/**
 * A cluster client that waits while a slot moves, and that always comes back.
 *
 * Redis answers ASK when the keys of a command are not on the node that gives the slot away. ioredis would then run the command
 * on the other node. But the scripts of BullMQ and walmq use more keys than they declare, and there they would find the keys
 * that have not arrived yet missing. So this asks the same node again until the slot has moved, and MOVED names the other node.
 *
 * A MOVED that arrives after `disconnect(true)` would make ioredis add a node to the pool that it empties. It then waits for
 * ever for the end of that node, which was never connected: the client stays "disconnecting". So the command waits for the next
 * connection instead.
 */
export class SteadyCluster extends Cluster {
  /**
   * Every node of a pool that was emptied reports that the pool is empty. ioredis would take the client back from "end", or from
   * its wait for the next attempt, to "close", a state that nothing leaves.
   */
  constructor(nodes: ConstructorParameters<typeof Cluster>[0], options: ClusterOptions) {
    super(nodes, options as never);
    const { connectionPool } = this as unknown as Hidden;
    connectionPool.removeAllListeners('drain');
    connectionPool.on('drain', () => {
      if (!WITHOUT_NODES.includes(this.status)) (this as unknown as Hidden).setStatus('close');
    });
  }

  /**
   * ioredis forgets the promise if a node reports that the cluster is down, and connects again by itself. BullMQ would wait for
   * that promise for ever.
   */
  override async connect(): Promise<void> {
    let forget: () => void = () => undefined;
    const settled = new Promise<void>((resolve, reject) => {
      const end = () => {
        // The event of an end before this call may still be on its way.
        if (this.status === 'end') reject(new Error('Connection is closed.'));
      };
      this.on('ready', resolve);
      this.on('end', end);
      forget = () => this.off('ready', resolve).off('end', end);
    });
    settled.catch(() => undefined);
    try {
      await Promise.race([super.connect(), settled]);
    } finally {
      forget();
    }
  }

  override handleError(
    error: Error,
    ttl: Parameters<HandleError>[1],
    handlers: Parameters<HandleError>[2],
  ): void {
    const isLate = error.message.startsWith('MOVED ') && this.status !== 'ready';
    if (!isLate && !error.message.startsWith('ASK ')) {
      super.handleError(error, ttl, handlers);
      return;
    }
    // Does not count as a redirection: a slot with many keys moves for longer than the number of them allows.
    super.handleError(new Error(`TRYAGAIN ${error.message}`), {}, handlers);
  }

  /**
   * ioredis takes the end of the last node for the end of the client. A client that waits for its next attempt has no node, so it
   * would never end: whoever closes it waits for ever.
   */
  override disconnect(reconnect = false): void {
    const isWaiting = this.status === 'reconnecting' && this.nodes().length === 0;
    super.disconnect(reconnect);
    if (isWaiting && !reconnect) (this as unknown as Hidden).handleCloseEvent();
  }

  /** BullMQ opens duplicates. */
  override duplicate(
    ...[nodes = [], options]: Parameters<Cluster['duplicate']>
  ): ReturnType<Cluster['duplicate']> {
    const merged = {
      ...this.options,
      ...options,
      redisOptions: { ...this.options.redisOptions, ...options?.redisOptions },
    };
    return new SteadyCluster(nodes.length > 0 ? nodes : this.#nodes(), merged as never);
  }

  /** Those that the client knows now: the ones of the start may be gone. */
  #nodes() {
    return this.nodes().map(({ options: { host, port } }) => ({
      host: host as string,
      port: port as number,
    }));
  }
}
