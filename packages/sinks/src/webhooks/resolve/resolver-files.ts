import { isIP } from 'node:net';

/**
 * Reads hosts(5): the addresses of a name, in their order. `localhost` is this machine if it is not listed
 * (RFC 6761).
 */
export function addressesIn(hosts: string, name: string): readonly string[] {
  const listed = hosts
    .split('\n')
    .map(wordsOf)
    .filter(([, ...names]) => names.some(known => known.toLowerCase() === name.toLowerCase()))
    .map(([address = '']) => address)
    // No URL leads to a link-local address with an interface.
    .filter(address => isIP(address) !== 0 && !address.includes('%'));
  if (listed.length > 0) return listed;
  return /^(.+\.)?localhost\.?$/i.test(name) ? ['127.0.0.1', '::1'] : [];
}

/** Reads resolv.conf(5): the full names to try for a name, in order. */
export function candidatesOf(resolvConf: string, name: string): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const lines = resolvConf.split('\n').map(wordsOf);
  const domains = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? [];
  const searched = domains.filter(domain => domain !== '.').map(domain => `${name}.${domain}`);
  const isWhole = name.split('.').length - 1 >= ndotsOf(lines);
  return isWhole ? [name, ...searched] : [...searched, name];
}

function ndotsOf(lines: readonly string[][]): number {
  const options = lines.filter(([keyword]) => keyword === 'options').flat();
  return Number(options.findLast(option => /^ndots:\d+$/.test(option))?.slice('ndots:'.length) ?? 1);
}

/** A line's words, without its comment. */
function wordsOf(line: string): string[] {
  return line
    .replace(/[#;].*$/, '')
    .split(/\s+/)
    .filter(Boolean);
}
