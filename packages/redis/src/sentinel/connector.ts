import { connect as connectTcp, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import { type HostPort, hostPortText, type SentinelAddress } from '../address/address.js';
import { tlsOptions } from '../address/tls-options.js';
import { findPrimary } from './find-primary.js';
import { watchPrimary } from './watch-primary.js';

/** Milliseconds after which ioredis destroys a socket that does not close. */
const DISCONNECT_TIMEOUT_MS = 2000;

/**
 * A connector of ioredis that asks the sentinels for the primary at each connection, also for duplicates of the client. It
 * ends the connection when another server becomes the primary. The client then connects again, if it does so at all.
 */
export function sentinelConnector(address: SentinelAddress): new (options: unknown) => AbstractConnector {
  const watch = watchPrimary(address);

  return class SentinelConnector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_TIMEOUT_MS);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const { primary } = await findPrimary(address);
        if (!this.connecting) throw new Error('Connection is closed.');
        return this.#open(primary);
      } catch (error) {
        // ioredis gives up for good if a connector rejects. A socket with an error is a failed try.
        return this.#failed(error as Error);
      }
    }

    #open(primary: HostPort): Socket {
      const family = address.family === undefined ? {} : { family: address.family };
      const stream = address.tls
        ? connectTls({ ...primary, ...family, ...tlsOptions(address.tls) })
        : connectTcp({ ...primary, ...family });
      this.stream = stream;
      stream.once('error', error => {
        this.firstError = error;
      });
      const unfollow = watch.follow(primary, () =>
        stream.destroy(new Error(`${hostPortText(primary)} is no longer the primary`)),
      );
      stream.once('close', unfollow);
      return stream;
    }

    #failed(error: Error): Socket {
      const stream = new Socket();
      stream.once('error', () => undefined).destroy();
      this.stream = stream;
      this.firstError = error;
      return stream;
    }
  };
}
