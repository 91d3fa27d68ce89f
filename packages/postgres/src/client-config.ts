import type { ClientConfig } from 'pg';
import { parseAddress } from './address.js';
import {
  HANDLER_DEFAULTS,
  HANDLER_SETTINGS,
  NO_TIMEOUTS,
  OWN_SETTINGS,
  optionsText,
  type Settings,
  TRANSACTION_TIMEOUT,
  TRANSACTION_TIMEOUT_SINCE,
} from './settings.js';

export interface ConnectionOptions {
  readonly url: string;
  /** application_name. */
  readonly name: string;
  /** Milliseconds that opening a connection may take. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds that the server may leave a question unanswered before it is asked, on a new connection, whether it still
   * has this one. Default 10 000.
   */
  readonly deadlineMs?: number;
}

export interface OwnConnectionOptions extends ConnectionOptions {
  /** Beside what every connection of ours has. */
  readonly settings?: Settings;
  /** Of the server, if it is known: `18`. */
  readonly serverMajor?: number;
  /** Milliseconds after which a statement without an answer counts as failed. Default: never. */
  readonly answerMs?: number;
}

/** Of silence, where nothing else is configured. */
export const DEADLINE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** After that much quiet the kernel asks the other side once a second, ten times: a host that is gone is noticed in 20 s. */
const KEEPALIVE_AFTER_MS = 10_000;

/** For a connection on which only our own SQL runs, or the stream. Throws DATABASE_URL_INVALID. */
export function ownConnection(options: OwnConnectionOptions): ClientConfig {
  const { settings = {}, serverMajor = 0, answerMs } = options;
  const { options: said, ...common } = commonConfig(options);
  return {
    ...common,
    application_name: options.name,
    // Ours last: of two that set one parameter the server takes the later.
    options: joined(said, optionsText({ ...OWN_SETTINGS, ...newerTimeouts(serverMajor), ...settings })),
    ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
  };
}

/** For a pool on which an application's handlers run too. Throws DATABASE_URL_INVALID. */
export function handlerConnection(options: ConnectionOptions): ClientConfig {
  const { options: said, ...common } = commonConfig(options);
  const { applicationName, timeouts } = parseAddress(options.url);
  return {
    ...common,
    ...timeouts,
    application_name: applicationName ?? options.name,
    options: joined(optionsText(HANDLER_DEFAULTS), said, optionsText(HANDLER_SETTINGS)),
  };
}

/** As role, database and URL have it but for time-outs, for a look at what they say. Throws DATABASE_URL_INVALID. */
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

/** Nothing of the URL goes to pg but what is taken out of it here: pg lets the URL win over all that stands beside it. */
function commonConfig({ url, connectTimeoutMs = CONNECT_TIMEOUT_MS }: ConnectionOptions): ClientConfig {
  const { applicationName: _name, timeouts: _timeouts, ...address } = parseAddress(url);
  return {
    ...address,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
  };
}

function joined(...options: readonly (string | undefined)[]): string {
  return options.filter(Boolean).join(' ');
}
