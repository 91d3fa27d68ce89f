import type { IncomingHttpHeaders } from 'node:http';
import type { BlockList } from 'node:net';
import { includesAddress } from './addresses.js';

/** Characters that mean the same in a path, in a header, in markup and in a cookie; no empty segment, no dots alone. */
const BASE_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/;
/** What the dashboard itself answers there: without the prefix, such a path would be taken for its own. */
const OWN = /^\/(queues|read-only|assets|pipeline|sign-in|sign-out|live|ready|metrics)(\/|$)/;

/** The path under which browsers reach the dashboard, without a slash at its end: '' at the root of its host. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/\/$/, '');
  return path === '' || (BASE_PATH.test(path) && !OWN.test(path)) ? path : undefined;
}

export interface BasePathRule {
  /** Whose X-Forwarded-* headers are believed. */
  readonly proxies: BlockList;
  /** Of WALMQ_DASHBOARD_BASE_PATH, where no such proxy says another. */
  readonly basePath: string;
}

interface Asked {
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
}

/** A prefix that is no path of safe characters is not believed: a page would send its reader to another host. */
export function basePathOf({ peer, headers }: Asked, { proxies, basePath }: BasePathRule): string {
  const prefix = headers['x-forwarded-prefix'];
  if (typeof prefix !== 'string' || !includesAddress(proxies, peer)) return basePath;
  return parseBasePath(prefix) ?? basePath;
}

/** The URL as the dashboard's routes know it, whether the proxy has taken the prefix off or left it. */
export function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
