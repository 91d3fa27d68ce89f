import { maySeeRows, type Role } from '../access/users.js';
import { type Html, html } from '../html.js';
import type { Viewer } from './viewer.js';

export const BOARD_PATH = '/queues';
/** The same board without its buttons: Bull Board knows read-only queues, not users. */
export const READ_ONLY_BOARD_PATH = '/read-only/queues';
export const BOARD_PATHS: readonly string[] = [BOARD_PATH, READ_ONLY_BOARD_PATH];

type Whose = Pick<Viewer, 'basePath' | 'identity'>;

export function boardPathOf(role: Role, basePath: string): string {
  return basePath + (role === 'operator' ? BOARD_PATH : READ_ONLY_BOARD_PATH);
}

/** Bull Board's page of a queue. Prefer `queueLink`, which looks at who asks. */
export function queuePath({ basePath, identity }: Whose, queue: string): string {
  return `${boardPathOf(identity.role, basePath)}/queue/${encodeURIComponent(queue)}`;
}

/** Bull Board's page of one job. Prefer `jobLink`. */
export function jobPath(viewer: Whose, queue: string, jobId: string): string {
  return `${queuePath(viewer, queue)}/${encodeURIComponent(jobId)}`;
}

/** A queue's name, as a link to Bull Board for those who may open it. */
export function queueLink(viewer: Whose, queue: string): Html {
  if (!maySeeRows(viewer.identity)) return html`${queue}`;
  return html`<a href="${queuePath(viewer, queue)}" data-key="queue ${queue}">${queue}</a>`;
}

/** A job's id, as a link to Bull Board's page of it for those who may open it. */
export function jobLink(viewer: Whose, queue: string, jobId: string, text: Html | string = jobId): Html {
  if (!maySeeRows(viewer.identity)) return html`${text}`;
  return html`<a href="${jobPath(viewer, queue, jobId)}" data-key="job ${queue} ${jobId}">${text}</a>`;
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
