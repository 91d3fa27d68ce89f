import type { IncomingHttpHeaders } from 'node:http';
import type { BlockList } from 'node:net';
import { includesAddress } from './addresses.js';

/**
 * Characters that mean the same in a path, a header, markup and a cookie; no empty segment, and none of dots
 * only.
 */
const BASE_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/;
/** Paths that the dashboard itself serves: without the prefix, such a path would look like its own. */
const OWN =
  /^\/(queues|read-only|assets|pipeline|search|row|log|runbook|sign-in|sign-out|live|ready|metrics)(\/|$)/;

/** The path under which browsers reach the dashboard, without a slash at its end: '' at the root of its host. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/\/$/, '');
  return path === '' || (BASE_PATH.test(path) && !OWN.test(path)) ? path : undefined;
}

export interface BasePathRule {
  /** The proxies whose X-Forwarded-* headers are trusted. */
  readonly proxies: BlockList;
  /** From WALMQ_DASHBOARD_BASE_PATH, unless such a proxy sends another. */
  readonly basePath: string;
}

interface Asked {
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
}

/** Ignores a prefix that is not a path of safe characters: a page could send its reader to another host. */
export function basePathOf({ peer, headers }: Asked, { proxies, basePath }: BasePathRule): string {
  const prefix = headers['x-forwarded-prefix'];
  if (typeof prefix !== 'string' || !includesAddress(proxies, peer)) return basePath;
  return parseBasePath(prefix) ?? basePath;
}

/** The URL as the dashboard's routes know it, whether or not the proxy has removed the prefix. */
export function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
