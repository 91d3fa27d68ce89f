import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { addressesIn, candidatesOf } from './resolver-files.js';

/** Resolves a name to all its addresses. Rejects with a reason whose `code` is that of node:dns. */
export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>;

/**
 * Limit for the whole look-up of a name. PostgreSQL, Redis and the requests of other endpoints continue
 * meanwhile.
 */
const DEADLINE_MS = 5000;
/** Limit for one query to one name server; leaves time for a second try within the deadline. */
const QUESTION = { timeout: 2000, tries: 2 };

/**
 * Looks a name up in the hosts file, then by DNS with the search list of resolv.conf. Not by `dns.lookup`:
 * that is getaddrinfo, of which libuv runs at most two at a time in a process, so that two names whose
 * servers do not answer hold up every other name (https://docs.libuv.org/en/v1.x/threadpool.html). A DNS
 * query needs no thread. Requests that need the same name share one look-up.
 */
export function nameResolver(nameServers: readonly string[] = []): ResolveName {
  const inFlight = new Map<string, Promise<readonly LookupAddress[]>>();
  return name => {
    const running = inFlight.get(name);
    if (running) return running;
    const lookUp = resolveName(name, nameServers).finally(() => inFlight.delete(name));
    inFlight.set(name, lookUp);
    return lookUp;
  };
}

/** True for `10.0.0.2`, `10.0.0.2:5353` and `[fd00::2]:53`. */
export function isNameServer(text: string): boolean {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
}

async function resolveName(name: string, nameServers: readonly string[]): Promise<readonly LookupAddress[]> {
  const local = addressesIn(await read('/etc/hosts'), name);
  if (local.length > 0) return local.map(withFamily);
  // A new resolver per look-up: it reads the system's settings again, and the deadline cancels only this
  // name's queries.
  const resolver = new Resolver(QUESTION);
  if (nameServers.length > 0) resolver.setServers(nameServers);
  const candidates = candidatesOf(await read('/etc/resolv.conf'), name);
  const timer = setTimeout(() => resolver.cancel(), DEADLINE_MS);
  try {
    return await firstOf(candidates, resolver, name);
  } finally {
    clearTimeout(timer);
  }
}

async function firstOf(candidates: readonly string[], resolver: Resolver, name: string) {
  let code = 'ENOTFOUND';
  for (const candidate of candidates) {
    const answers = await Promise.allSettled([resolver.resolve4(candidate), resolver.resolve6(candidate)]);
    const addresses = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses.map(withFamily);
    code = codeOf(answers);
    // No name server answers, and none would answer for another name.
    if (!IS_ANSWER.has(code)) break;
  }
  throw Object.assign(new Error(explain(name, code)), { code });
}

/** The codes for "no such name" and "no such address". */
const IS_ANSWER = new Set(['ENOTFOUND', 'ENODATA']);

/** The first failure that is none of these, otherwise that of IPv4. */
function codeOf(answers: readonly PromiseSettledResult<string[]>[]): string {
  const codes = answers.flatMap(answer =>
    answer.status === 'rejected' ? [String((answer.reason as NodeJS.ErrnoException).code)] : [],
  );
  return codes.find(code => !IS_ANSWER.has(code)) ?? codes[0] ?? 'ENODATA';
}

function explain(name: string, code: string): string {
  return IS_ANSWER.has(code)
    ? `the name ${name} has no address (${code})`
    : `the name ${name} cannot be resolved, because no name server answers for it (${code})`;
}

function withFamily(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

/** A system without the file lists no names. */
async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
