import { WalmqError } from '@walmq/change';
import type { ClientConfig } from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';
import { mistakeInHosts, urlsOfHosts } from './hosts.js';

/** Host, port, database, role and session settings of a URL. */
export interface Address
  extends Pick<ClientConfig, 'user' | 'password' | 'host' | 'port' | 'database' | 'ssl'> {
  readonly sslnegotiation?: 'postgres' | 'direct';
  /** Session settings of the URL, else of PGOPTIONS, in the server's form `-c name=value ...`; empty if neither has any. */
  readonly options: string;
  readonly applicationName: string | undefined;
  /** connect_timeout of the URL, in milliseconds. */
  readonly connectTimeoutMs: number | undefined;
  /** Time-outs of the URL, in milliseconds. */
  readonly timeouts: Pick<
    ClientConfig,
    'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout'
  >;
}

const EXAMPLE = 'postgres://user:password@host:5432/database';
const PROTOCOL = /^postgres(?:ql)?:\/\//i;
const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] as const;

/**
 * Reads a postgres:// URL; of several hosts, the first. Throws DATABASE_URL_INVALID with the reason. The message contains no part of the URL that may be
 * secret.
 */
export function parseAddress(url: string, environment: NodeJS.ProcessEnv = process.env): Address {
  const mistake = mistakeIn(url);
  if (mistake) throw invalid(mistake);
  const { host, port, user, password, database, ssl, sslnegotiation, ...said } = parsed(
    withPlainTls(urlsOfHosts(url)[0] as string),
  );
  return {
    user,
    password,
    host,
    port,
    database,
    ssl,
    sslnegotiation,
    options: said.options || environment.PGOPTIONS || '',
    applicationName: said.application_name,
    connectTimeoutMs: Number(said.connect_timeout) * 1000 || undefined,
    timeouts: Object.fromEntries(TIMEOUTS.flatMap(name => (said[name] ? [[name, Number(said[name])]] : []))),
  } as Address;
}

/** Returns the fault of a postgres:// URL as a predicate ("has a ..."); undefined if the URL can be read. */
export function mistakeIn(url: string): string | undefined {
  if (!PROTOCOL.test(url)) return `is not a postgres:// or postgresql:// URL, e.g. ${EXAMPLE}`;
  const [authority = '', ...behind] = url.replace(PROTOCOL, '').split(/(?=[/?#])/);
  const rest = behind.join('');
  // The last "@" ends user and password. An "@" behind them, outside the query, means that they were cut short.
  if (rest.includes('@') && !/^\/[^@]*\?/.test(rest)) return unencoded(rest.charAt(0));
  try {
    decodeURIComponent(authority);
  } catch {
    return 'has a "%" in user or password that encodes nothing: write it as %25';
  }
  if (!urlsOfHosts(url).every(one => URL.canParse(one.replace('@/', '@localhost/'))))
    return `cannot be read: percent-encode every character of user and password that is no letter or digit, and check the port, e.g. ${EXAMPLE}`;
  return mistakeInHosts(url) ?? mistakeInTls(url);
}

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

function mistakeInTls(url: string): string | undefined {
  const mode = /[?&]sslmode=([^&#]*)/i.exec(url)?.[1];
  if (mode === undefined) return undefined;
  if (!SSL_MODES.includes(mode)) return `has sslmode=${mode}: it must be one of ${SSL_MODES.join(', ')}`;
  if (mode === 'verify-ca' && /[?&]uselibpqcompat=true/i.test(url) && !/[?&]sslrootcert=./i.test(url))
    return 'has sslmode=verify-ca with uselibpqcompat=true, which needs the file of the authority: sslrootcert=/path/ca.pem';
  return undefined;
}

const ENCODED: Readonly<Record<string, string>> = { '/': '%2F', '?': '%3F', '#': '%23' };

function unencoded(character: string): string {
  return `has a "${character}" in user or password, which ends the host there: write it as ${ENCODED[character] ?? 'its percent code'}`;
}

interface Parsed extends Record<string, unknown> {
  readonly options?: string;
  readonly application_name?: string;
  readonly connect_timeout?: string;
}

function parsed(url: string): Parsed {
  try {
    // The package's type declarations omit the parameters that it reads from the query string.
    return toClientConfig(parse(url)) as unknown as Parsed;
  } catch (cause) {
    const { code, path, message } = cause as NodeJS.ErrnoException;
    if (code && path) throw invalid(`names a file for TLS that cannot be read: ${path} (${code})`, cause);
    throw invalid(`cannot be read: ${message}`, cause);
  }
}

/**
 * Replaces the sslmodes `require`, `prefer` and `verify-ca` by `verify-full`. pg treats them as `verify-full`, but warns on
 * standard error that this will change; `verify-full` means the same in every version. `sslrootcert=system` is libpq's name
 * for the system's authorities; Node.js trusts its own list by default.
 */
function withPlainTls(url: string): string {
  if (/[?&]uselibpqcompat=true/i.test(url)) return url;
  return url
    .replace(/([?&])sslmode=(?:require|prefer|verify-ca)(?=&|#|$)/i, '$1sslmode=verify-full')
    .replace(/([?&])sslrootcert=system(?=&|#|$)/i, '$1sslmode=verify-full');
}

function invalid(mistake: string, cause?: unknown): WalmqError {
  return new WalmqError('DATABASE_URL_INVALID', `DATABASE_URL (or source.url) ${mistake}.`, { cause });
}
