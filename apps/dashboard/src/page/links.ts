import type { Role } from '../access/users.js';
import type { Viewer } from './viewer.js';

export const BOARD_PATH = '/queues';
/** The same board without its buttons: Bull Board knows read-only queues, not users. */
export const READ_ONLY_BOARD_PATH = '/read-only/queues';

type Whose = Pick<Viewer, 'basePath' | 'identity'>;

export function boardPathOf(role: Role, basePath: string): string {
  return basePath + (role === 'operator' ? BOARD_PATH : READ_ONLY_BOARD_PATH);
}

/** Bull Board's page of a queue. */
export function queuePath({ basePath, identity }: Whose, queue: string): string {
  return `${boardPathOf(identity.role, basePath)}/queue/${encodeURIComponent(queue)}`;
}

/** Bull Board's page of one job. */
export function jobPath(viewer: Whose, queue: string, jobId: string): string {
  return `${queuePath(viewer, queue)}/${encodeURIComponent(jobId)}`;
}

/** What a code means and what to do: the entry of the runbook. */
export function runbookPath({ basePath }: Pick<Viewer, 'basePath'>, code: string): string {
  return `${basePath}/runbook#${encodeURIComponent(code)}`;
}

/** A path of ours with a query, in the order of the names; leaves out what is undefined or empty. */
export function pathWith(
  path: string,
  query: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, given] of Object.entries(query))
    for (const value of Array.isArray(given) ? given : [given])
      if (value !== undefined && value !== '') search.append(name, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
