import { setTimeout as delay } from 'node:timers/promises';
import type { Network } from '@walmq/testing/standalone';
import type { Act } from '../plan/round.js';

const SLOW_MS = 30;

type NetworkAct = Extract<Act, { kind: `net-${string}` }>;

/** Disturbs the network between all processes of a role and a server. Resolves when it is mended. */
export async function disturbNetwork({ kind, forMs }: NetworkAct, network: Network): Promise<void> {
  switch (kind) {
    case 'net-end':
      return network.cut('end');
    case 'net-reset':
      return network.cut('reset');
    case 'net-half':
      return network.lose('both');
    case 'net-stall':
      network.stall();
      break;
    case 'net-slow':
      network.slow(SLOW_MS);
      break;
    case 'net-refuse':
      network.refuse();
      break;
  }
  await delay(forMs);
  network.mend();
}
