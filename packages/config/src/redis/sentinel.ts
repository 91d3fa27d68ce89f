import { z } from 'zod';

/** The sentinels of a Redis, as an object. Every text is written as it is, without percent-encoding. */
export const redisSentinel = z.strictObject({
  /** Host and port of every sentinel: "s1:26379". Default port 26379. */
  hosts: z.array(z.string().regex(/^[^\s,/@?#]+$/, 'must be host:port')).min(1, 'must name a sentinel'),
  /** Name of the set: `sentinel monitor <name> ...`. */
  name: z.string().min(1, 'must be the name of "sentinel monitor"'),
  /** Number of the database. Default 0. */
  database: z.int().min(0).default(0),
  /** ACL user and password of the servers. */
  username: z.string().optional(),
  password: z.string().optional(),
  /** ACL user and password of the sentinels. Default: no AUTH. */
  sentinelUsername: z.string().optional(),
  sentinelPassword: z.string().optional(),
  /** TLS to both sides: true, or the paths of PEM files and the name in the certificate. Default: no TLS. */
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        ca: z.string().optional(),
        cert: z.string().optional(),
        key: z.string().optional(),
        servername: z.string().optional(),
      }),
    ])
    .default(false),
  /** False: no TLS to the sentinels, though the servers have it. Default true. */
  sentinelTls: z.boolean().default(true),
});

/** The URL that says the same. */
export function sentinelUrl(sentinel: z.output<typeof redisSentinel>): string {
  const { hosts, name, database, username, password, tls } = sentinel;
  const files = typeof tls === 'object' ? tls : {};
  const parameters = Object.entries({
    sentinelUsername: sentinel.sentinelUsername,
    sentinelPassword: sentinel.sentinelPassword,
    tlsCa: files.ca,
    tlsCert: files.cert,
    tlsKey: files.key,
    tlsServername: files.servername,
    sentinelTls: tls !== false && !sentinel.sentinelTls ? 'off' : undefined,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const login =
    username === undefined && password === undefined
      ? ''
      : `${encodeURIComponent(username ?? '')}:${encodeURIComponent(password ?? '')}@`;
  const query = parameters.length > 0 ? `?${new URLSearchParams(parameters)}` : '';
  const protocol = tls === false ? 'redis' : 'rediss';
  return `${protocol}+sentinel://${login}${hosts.join(',')}/${encodeURIComponent(name)}/${database}${query}`;
}
