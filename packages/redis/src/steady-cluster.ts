import { Cluster } from 'ioredis';

type HandleError = Cluster['handleError'];

/** What ioredis does when the last node has ended: it ends, or waits and connects again. A method that its types hide. */
interface Ending {
  handleCloseEvent(): void;
}

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
    if (isWaiting && !reconnect) (this as unknown as Ending).handleCloseEvent();
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
