/** Where a host listens. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** User and password; both undefined: no AUTH. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Paths of PEM files, and the name that the certificate of the server must bear. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly servername: string | undefined;
}

interface Common extends Credentials {
  readonly database: number;
  /** Undefined: no TLS. */
  readonly tls: TlsFiles | undefined;
  /** 4 or 6: the family of the addresses that a name is resolved to. Undefined: both. */
  readonly family: 4 | 6 | undefined;
}

/** One server. */
export interface ServerAddress extends Common {
  readonly kind: 'server';
  readonly at: HostPort;
}

/** One server on this machine, by its Unix socket. */
export interface SocketAddress extends Common {
  readonly kind: 'socket';
  readonly path: string;
}

/** The primary that these sentinels name. */
export interface SentinelAddress extends Common {
  readonly kind: 'sentinel';
  readonly sentinels: readonly HostPort[];
  /** Name of the set: `sentinel monitor <name>`. */
  readonly name: string;
  readonly sentinel: Credentials;
  readonly sentinelTls: TlsFiles | undefined;
}

/** A Redis Cluster, by some of its nodes. */
export interface ClusterAddress extends Common {
  readonly kind: 'cluster';
  readonly nodes: readonly HostPort[];
}

/** What a URL of Redis says. */
export type RedisAddress = ServerAddress | SocketAddress | SentinelAddress | ClusterAddress;

/** Writes an address as in a URL: an IPv6 address in brackets. */
export function hostPortText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
