import { hostnameOf, includesAddress } from './addresses.js';
import type { AccessPolicy } from './policy.js';

/** What a request claims about its origin, before any of it is trusted. */
export interface RequestFacts {
  readonly method: string;
  /** Address at the other end of the socket. */
  readonly peer: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request as the browser sent it, seen through the trusted proxies. */
export interface Sender {
  readonly address: string;
  readonly host: string;
  readonly secure: boolean;
  readonly throughProxy: boolean;
}

export function senderOf(
  { peer, headers }: RequestFacts,
  { proxies }: Pick<AccessPolicy, 'proxies'>,
): Sender {
  const host = textOf(headers.host) ?? '';
  if (!includesAddress(proxies, peer)) return { address: peer, host, secure: false, throughProxy: false };
  const hops = (textOf(headers['x-forwarded-for']) ?? '').split(',').map(hop => hop.trim());
  return {
    // Each proxy appends the address that it sees. The last one that is no proxy of ours is the sender;
    // earlier ones may be forged.
    address: hops.findLast(hop => hop !== '' && !includesAddress(proxies, hop)) ?? peer,
    host: textOf(headers['x-forwarded-host']) ?? host,
    secure: textOf(headers['x-forwarded-proto']) === 'https',
    throughProxy: true,
  };
}

/** True if the request asks for one of our hosts: see `AccessPolicy.hosts`. */
export function isKnownHost({ host }: Sender, { hosts }: Pick<AccessPolicy, 'hosts'>): boolean {
  return hosts === undefined || hosts.has(hostnameOf(host));
}

export function isAction({ method }: Pick<RequestFacts, 'method'>): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/**
 * True if a page of the dashboard itself sent the action. Browsers send Origin with every action, and most
 * send Sec-Fetch-Site, which no page can set. An action with another site, or with neither header, is
 * rejected.
 */
export function isSameOrigin({ headers }: RequestFacts, { host }: Sender): boolean {
  const site = textOf(headers['sec-fetch-site']);
  if (site !== undefined && site !== 'same-origin') return false;
  const origin = textOf(headers.origin);
  if (origin === undefined) return site === 'same-origin';
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
