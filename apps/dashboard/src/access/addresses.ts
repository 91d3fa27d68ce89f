import { BlockList, isIP } from 'node:net';

const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1)$/;

/** True if only this machine can reach an address or a name. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK_ADDRESS.test(host);
}

/** `example.org`, `127.0.0.1` or `::1` of `example.org:80`, `127.0.0.1:9100` or `[::1]:9100`. */
export function hostnameOf(host: string): string {
  return (/^\[(.*)\](:\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}

/** Addresses and ranges, such as `10.0.0.0/8`; undefined if one is neither. */
export function parseAddresses(texts: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix] = text.split('/');
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || !/^\d{1,3}$/.test(prefix ?? '0') || length > bits) return undefined;
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** A socket that takes both protocols shows IPv4 addresses as ::ffff:10.0.0.1. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

export function includesAddress(list: BlockList, address: string): boolean {
  const plain = address.replace(MAPPED, '');
  return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}
