import { isIP, type LookupFunction } from 'node:net';
import { WalmqError } from '@walmq/change';
import ipaddr from 'ipaddr.js';
import type { ResolveName } from './resolve-name.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Which addresses may be called: the public ones, and those that are allowed in addition. */
export interface AddressRule {
  allows(address: string): boolean;
}

/** True for `10.1.0.0/16` and the like. */
export function isRange(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}

/**
 * Public unicast addresses, and those in `allowed` (as `10.1.0.0/16`). Loopback, private, link-local (where
 * clouds serve credentials), multicast and every other special range is rejected, also in IPv6 form.
 */
export function addressRule(allowed: readonly string[]): AddressRule {
  const ranges: Range[] = allowed.map(text => ipaddr.parseCIDR(text));
  return {
    allows(text) {
      const address = ipaddr.process(text);
      return isPublic(address) || ranges.some(range => contains(range, address));
    },
  };
}

/**
 * Addresses that ipaddr.js counts as unicast and that are not public: IPv4-compatible IPv6 (RFC 4291,
 * 2.5.5.1), which some systems connect to the IPv4 address inside, and the address at which Azure answers its
 * machines (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
 */
const NOT_PUBLIC: readonly Range[] = ['::/96', '168.63.129.16/32'].map(text => ipaddr.parseCIDR(text));

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'unicast' && !NOT_PUBLIC.some(range => contains(range, address));
}

function contains([base, bits]: Range, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return base.kind() === address.kind() && address.match(base, bits);
}

/**
 * Resolves a name to the addresses that may be called. The connection itself uses this look-up, so the
 * checked address is the one that is connected to, whatever a name server answers next.
 */
export function guardedLookup(rule: AddressRule, resolveName: ResolveName): LookupFunction {
  return (hostname, options, done) => {
    resolveName(hostname).then(
      addresses => {
        const wanted = addresses.filter(({ family }) => isWanted(family, options.family));
        const callable = wanted.filter(({ address }) => rule.allows(address));
        const [first] = callable;
        if (!first) return done(addressRefused(hostname), '');
        if (options.all) return done(null, callable);
        done(null, first.address, first.family);
      },
      (error: Error) => done(error, ''),
    );
  };
}

/** An agent asks for IPv4, for IPv6, or for either. */
function isWanted(family: number, asked: number | string | undefined): boolean {
  return !asked || Number(String(asked).replace('IPv', '')) === family;
}

/** An address in a URL is connected to without a look-up. Throws WEBHOOK_ADDRESS_REFUSED. */
export function checkLiteral(url: URL, rule: AddressRule): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && !rule.allows(host)) throw addressRefused(host);
}

function addressRefused(host: string): WalmqError {
  return new WalmqError('WEBHOOK_ADDRESS_REFUSED', `${host} is not a public address.`, {
    remedy: "If it may be called, add its range to the endpoint's allowAddresses, e.g. ['10.1.0.0/16'].",
    facts: { host },
  });
}
