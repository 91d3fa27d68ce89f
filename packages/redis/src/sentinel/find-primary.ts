import type { HostPort, SentinelAddress } from '../address/address.js';
import { askSentinel, type SentinelAnswer } from './ask-sentinel.js';
import { newestAnswer, noPrimary, type SentinelFailure } from './choose-primary.js';

/** The primary, and the sentinel that named it. */
export interface FoundPrimary {
  readonly primary: HostPort;
  readonly from: HostPort;
}

/** What each sentinel said. */
export interface Hearing {
  readonly answers: readonly SentinelAnswer[];
  readonly failures: readonly SentinelFailure[];
}

/**
 * Asks all sentinels at the same time, so that one that is gone costs no time. Resolves when more than half of them have named
 * a primary, or all have answered or failed. Never rejects.
 */
export async function hearSentinels(address: SentinelAddress, wait: 'majority' | 'all'): Promise<Hearing> {
  const answers: SentinelAnswer[] = [];
  const failures: SentinelFailure[] = [];
  let sayEnough: () => void = () => undefined;
  const enough = new Promise<void>(resolve => {
    sayEnough = resolve;
  });
  const ask = async (from: HostPort) => {
    try {
      answers.push(await askSentinel(address, from));
      const named = answers.filter(({ primary }) => primary !== undefined).length;
      if (wait === 'majority' && named > address.sentinels.length / 2) sayEnough();
    } catch (error) {
      failures.push({ from, error: error as Error });
    }
  };
  await Promise.race([enough, Promise.all(address.sentinels.map(ask))]);
  return { answers: [...answers], failures: [...failures] };
}

/** Finds the primary. Rejects with REDIS_UNREACHABLE, REDIS_DENIED, REDIS_PRIMARY_UNKNOWN or REDIS_TLS_REFUSED. */
export async function findPrimary(address: SentinelAddress): Promise<FoundPrimary> {
  const { answers, failures } = await hearSentinels(address, 'majority');
  const newest = newestAnswer(answers);
  if (!newest?.primary) throw noPrimary(address.name, answers, failures);
  return { primary: newest.primary, from: newest.from };
}
