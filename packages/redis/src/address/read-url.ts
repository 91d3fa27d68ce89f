import type { Credentials, HostPort, RedisAddress, TlsFiles } from './address.js';

/** What is wrong with a URL, as the end of a sentence: `REDIS_URL <mistake>`. Never quotes the URL, which holds passwords. */
export class UrlMistake extends Error {}

type Kind = RedisAddress['kind'];

/** Protocols, and the port of a host without one. */
const PROTOCOLS: Readonly<Record<string, { kind: Kind; tls: boolean; port: number }>> = {
  redis: { kind: 'server', tls: false, port: 6379 },
  rediss: { kind: 'server', tls: true, port: 6379 },
  'redis+sentinel': { kind: 'sentinel', tls: false, port: 26_379 },
  'rediss+sentinel': { kind: 'sentinel', tls: true, port: 26_379 },
  'redis+cluster': { kind: 'cluster', tls: false, port: 6379 },
  'rediss+cluster': { kind: 'cluster', tls: true, port: 6379 },
  'redis+unix': { kind: 'socket', tls: false, port: 0 },
  unix: { kind: 'socket', tls: false, port: 0 },
};

const EXAMPLE = 'redis://localhost:6379';
const TLS_PARAMETERS = ['tlsCa', 'tlsCert', 'tlsKey', 'tlsServername'] as const;
const SENTINEL_PARAMETERS = ['sentinelUsername', 'sentinelPassword', 'sentinelTls'] as const;

/** Protocol, user and password, hosts, path, parameters. The last @ before the path ends the password. */
const PARTS = /^([a-z][a-z+]*):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?(#.*)?$/i;
/** A host, or an IPv6 address in brackets, and a port. */
const HOST = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i;
/** What follows the hosts. */
const BEHIND_HOSTS = /^[a-z+]+:\/\/[^/?#]*([/?#].*)$/i;

/** Reads a URL of Redis. Throws UrlMistake. */
export function readRedisUrl(text: string): RedisAddress {
  const [, scheme = '', userInfo, authority = '', path = '', query = '', fragment] = PARTS.exec(text) ?? [];
  const protocol = PROTOCOLS[scheme.toLowerCase()];
  if (protocol?.kind !== 'socket') rejectRawMark(text);
  if (!protocol) throw new UrlMistake(protocolMistake());
  if (fragment !== undefined) throw new UrlMistake('has a "#": write it as %23');
  const parameters = readParameters(query, protocol);
  const tls = protocol.tls ? tlsFiles(parameters) : undefined;
  const common = {
    ...credentials(userInfo, parameters),
    tls,
    family: familyOf(parameters.get('family')),
  };
  switch (protocol.kind) {
    case 'server': {
      const [at, ...others] = hosts(authority, protocol.port);
      if (others.length > 0)
        throw new UrlMistake('names several hosts: write redis+sentinel:// or redis+cluster:// for them');
      return { kind: 'server', at: at as HostPort, ...common, database: database(path, parameters) };
    }
    case 'socket': {
      if (authority !== '')
        throw new UrlMistake('needs three slashes before the path of a socket: unix:///run/redis/redis.sock');
      if (!path) throw new UrlMistake('names no socket, e.g. unix:///run/redis/redis.sock');
      return { kind: 'socket', path: decoded(path), ...common, database: database('', parameters) };
    }
    case 'cluster':
      if (database(path, parameters) !== 0)
        throw new UrlMistake('names a database, and a Redis Cluster has only number 0');
      return { kind: 'cluster', nodes: hosts(authority, protocol.port), ...common, database: 0 };
    case 'sentinel': {
      const [, name = '', number = '', ...rest] = path.split('/');
      if (name === '' || rest.length > 0)
        throw new UrlMistake(
          'needs the name of the primary behind the hosts: redis+sentinel://host1:26379,host2:26379/mymaster/0',
        );
      return {
        kind: 'sentinel',
        sentinels: hosts(authority, protocol.port),
        name: decoded(name),
        sentinel: {
          username: parameters.get('sentinelUsername') || undefined,
          password: parameters.get('sentinelPassword') || undefined,
        },
        sentinelTls: onOff(parameters.get('sentinelTls')) === false ? undefined : tls,
        ...common,
        database: database(`/${number}`, parameters),
      };
    }
  }
}

/** The first of "/", "?" and "#" ends the hosts. An "@" behind it, outside the parameters, means that a password holds it. */
function rejectRawMark(text: string): void {
  const [, rest = ''] = BEHIND_HOSTS.exec(text) ?? [];
  if (!rest.includes('@') || /^\/[^@]*\?/.test(rest)) return;
  const mark = rest.charAt(0);
  throw new UrlMistake(`has a "${mark}" in user or password: write it as ${encodeURIComponent(mark)}`);
}

function protocolMistake(): string {
  const names = Object.keys(PROTOCOLS).map(name => `${name}://`);
  return `is not a ${names.slice(0, -1).join(', ')} or ${names.at(-1)} URL, e.g. ${EXAMPLE}`;
}

function readParameters(query: string, { kind, tls }: { kind: Kind; tls: boolean }): URLSearchParams {
  const parameters = new URLSearchParams(query);
  const known = new Set<string>([
    'db',
    'family',
    'username',
    'password',
    ...(tls ? TLS_PARAMETERS : []),
    ...(kind === 'sentinel' ? SENTINEL_PARAMETERS : []),
  ]);
  for (const name of parameters.keys()) {
    if (known.has(name)) continue;
    if (TLS_PARAMETERS.some(parameter => parameter === name))
      throw new UrlMistake(`has the parameter "${name}" without TLS: write rediss in place of redis`);
    throw new UrlMistake(`has an unknown parameter "${name}"; known are ${[...known].join(', ')}`);
  }
  return parameters;
}

function credentials(userInfo: string | undefined, parameters: URLSearchParams): Credentials {
  const at = userInfo?.indexOf(':') ?? -1;
  const username = at === -1 ? userInfo : userInfo?.slice(0, at);
  const password = at === -1 ? undefined : userInfo?.slice(at + 1);
  return {
    username: decoded(username ?? '') || parameters.get('username') || undefined,
    password: decoded(password ?? '') || parameters.get('password') || undefined,
  };
}

function hosts(authority: string, defaultPort: number): HostPort[] {
  if (authority === '') throw new UrlMistake(`names no host, e.g. ${EXAMPLE}`);
  return authority.split(',').map(text => {
    const [, address, name, port] = HOST.exec(text.trim()) ?? [];
    const host = address ?? name;
    const number = port === undefined ? defaultPort : Number(port);
    if (host === undefined || number < 1 || number > 65_535)
      throw new UrlMistake('has a host that is not host:port; several hosts are separated by commas');
    return { host, port: number };
  });
}

function database(path: string, parameters: URLSearchParams): number {
  const text = path.replace(/^\//, '') || parameters.get('db') || '0';
  if (!/^\d{1,9}$/.test(text)) throw new UrlMistake('names a database that is not a whole number');
  return Number(text);
}

function tlsFiles(parameters: URLSearchParams): TlsFiles {
  const [ca, cert, key, servername] = TLS_PARAMETERS.map(name => parameters.get(name) || undefined);
  if ((cert === undefined) !== (key === undefined))
    throw new UrlMistake('needs both tlsCert and tlsKey for a client certificate');
  return { ca, cert, key, servername };
}

function familyOf(text: string | null): 4 | 6 | undefined {
  if (text === null || text === '0') return undefined;
  if (text === '4' || text === '6') return Number(text) as 4 | 6;
  throw new UrlMistake('has a family that is not 4 or 6');
}

function onOff(text: string | null): boolean | undefined {
  if (text === null) return undefined;
  if (text === 'on' || text === 'off') return text === 'on';
  throw new UrlMistake('has a sentinelTls that is not on or off');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UrlMistake('has a "%" that begins no encoded character: write it as %25');
  }
}
