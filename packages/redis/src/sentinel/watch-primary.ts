import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPort, SentinelAddress } from '../address/address.js';
import { connectSentinel, sentinelConnection } from './ask-sentinel.js';
import { findPrimary } from './find-primary.js';

/** Milliseconds between two tries to listen to a sentinel. */
const RETRY_MS = 1000;

/** Learns of failovers from a sentinel, on one connection for all that ask for it. */
export interface PrimaryWatch {
  /** Calls `onSwitch` once, if another server than `primary` becomes the primary. Returns how to stop. */
  follow(primary: HostPort, onSwitch: () => void): () => void;
}

interface Follower {
  readonly primary: HostPort;
  readonly onSwitch: () => void;
}

/**
 * Sentinels end the connections of a primary that they demote. They cannot if they do not reach it, or it hangs: its clients
 * would go on to write what is thrown away later. So this listens to a sentinel (`+switch-master`) as long as somebody
 * follows, and asks for the primary each time it begins to listen, because it may have missed a message.
 */
export function watchPrimary(address: SentinelAddress): PrimaryWatch {
  const followers = new Set<Follower>();
  let stopListening: (() => void) | undefined;

  function tell(now: HostPort): void {
    for (const follower of followers) {
      const { primary, onSwitch } = follower;
      if (primary.host === now.host && primary.port === now.port) continue;
      followers.delete(follower);
      onSwitch();
    }
  }

  function listen(): () => void {
    const stopping = new AbortController();
    void (async () => {
      while (!stopping.signal.aborted) {
        await listenOnce(address, tell, stopping.signal).catch(() => undefined);
        await sleep(RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      }
    })();
    return () => stopping.abort();
  }

  return {
    follow(primary, onSwitch) {
      const follower = { primary, onSwitch };
      followers.add(follower);
      stopListening ??= listen();
      return () => {
        followers.delete(follower);
        if (followers.size > 0) return;
        stopListening?.();
        stopListening = undefined;
      };
    },
  };
}

/** Listens to one sentinel until its connection ends or the signal. */
async function listenOnce(
  address: SentinelAddress,
  tell: (primary: HostPort) => void,
  signal: AbortSignal,
): Promise<void> {
  const { from } = await findPrimary(address);
  const redis = sentinelConnection(address, from);
  const stop = () => redis.disconnect();
  signal.addEventListener('abort', stop);
  try {
    await connectSentinel(redis);
    const ended = new Promise<void>(resolve => redis.once('end', resolve));
    redis.on('message', (_channel: string, message: string) => {
      // <name> <old host> <old port> <new host> <new port>
      const [name, , , host = '', port] = message.split(' ');
      if (name === address.name) tell({ host, port: Number(port) });
    });
    await redis.subscribe('+switch-master');
    tell((await findPrimary(address)).primary);
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
    redis.disconnect();
  }
}
