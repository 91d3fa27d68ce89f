import type { ClientConfig } from 'pg';
import { type Address, parseAddress } from './address.js';
import { type DatabaseUrl, urlText } from './database-url.js';
import { askPassword, PASSWORD_MS } from './password.js';
import {
  HANDLER_SETTINGS,
  handlerDefaults,
  NO_TIMEOUTS,
  OWN_SETTINGS,
  optionsText,
  type Settings,
  TRANSACTION_TIMEOUT,
  TRANSACTION_TIMEOUT_SINCE,
} from './settings.js';

export interface ConnectionOptions {
  readonly url: DatabaseUrl;
  /** application_name of the connection. */
  readonly name: string;
  /** Milliseconds that opening a connection may take. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds that a query may wait for an answer before walmq asks the server, on a new connection, whether it still has
   * this connection. Default 10 000.
   */
  readonly deadlineMs?: number;
}

export interface OwnConnectionOptions extends ConnectionOptions {
  /** Settings in addition to OWN_SETTINGS; these override them. */
  readonly settings?: Settings;
  /** Major version of the server, if known, for example `18`. */
  readonly serverMajor?: number;
  /** Milliseconds after which a statement without an answer counts as failed. Default: never. */
  readonly answerMs?: number;
}

/** Default of `deadlineMs`. */
export const DEADLINE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** After this much silence the kernel probes the peer once a second, ten times, so a lost host is detected within 20 s. */
const KEEPALIVE_AFTER_MS = 10_000;

/** Configures a connection that runs only walmq's own SQL, or the stream. Throws DATABASE_URL_INVALID. */
export function ownConnection(options: OwnConnectionOptions): ClientConfig {
  const { settings = {}, serverMajor = 0, answerMs } = options;
  const { options: said, ...common } = commonConfig(options);
  return {
    ...common,
    application_name: options.name,
    // walmq's settings come last: if a parameter is set twice, the server uses the later value.
    options: joined(said, optionsText({ ...OWN_SETTINGS, ...newerTimeouts(serverMajor), ...settings })),
    ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
  };
}

/** Configures the connections of a pool that an application's handlers use too. Throws DATABASE_URL_INVALID. */
export function handlerConnection(
  options: ConnectionOptions & { readonly idleInTransactionMs?: number },
): ClientConfig {
  const { options: said, ...common } = commonConfig(options);
  const { applicationName, timeouts } = parseAddress(urlText(options.url));
  return {
    ...common,
    ...timeouts,
    application_name: applicationName ?? options.name,
    options: joined(
      optionsText(handlerDefaults(options.idleInTransactionMs)),
      said,
      optionsText(HANDLER_SETTINGS),
    ),
  };
}

/**
 * Configures a connection with the settings of role, database and URL, but without time-outs, to inspect these settings.
 * Throws DATABASE_URL_INVALID.
 */
export function plainConnection(options: ConnectionOptions & { readonly serverMajor: number }): ClientConfig {
  const { options: said, ...common } = commonConfig(options);
  return {
    ...common,
    application_name: options.name,
    options: joined(said, optionsText({ ...NO_TIMEOUTS, ...newerTimeouts(options.serverMajor) })),
  };
}

function newerTimeouts(serverMajor: number): Settings {
  return serverMajor >= TRANSACTION_TIMEOUT_SINCE ? TRANSACTION_TIMEOUT : {};
}

/** Passes the parts of the URL to pg, never the URL itself: in pg, a URL overrides all other options. */
function commonConfig({
  url,
  connectTimeoutMs: given = CONNECT_TIMEOUT_MS,
}: ConnectionOptions): ClientConfig {
  const {
    applicationName: _name,
    timeouts: _timeouts,
    connectTimeoutMs,
    ...address
  } = parseAddress(urlText(url));
  return {
    ...address,
    ...passwordOf(url, address),
    connectionTimeoutMillis: (connectTimeoutMs ?? given) + (typeof url === 'string' ? 0 : PASSWORD_MS),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
  };
}

/** pg calls the function for each connection, so that an expired password is never used again. */
function passwordOf(url: DatabaseUrl, address: Partial<Address>): Pick<ClientConfig, 'password'> {
  if (typeof url === 'string') return {};
  const { host = '', port = 5432, user = '', database = '' } = address;
  return { password: () => askPassword(url.password, { host, port, user, database: database || user }) };
}

function joined(...options: readonly (string | undefined)[]): string {
  return options.filter(Boolean).join(' ');
}
