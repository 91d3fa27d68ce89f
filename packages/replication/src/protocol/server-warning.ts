import { withoutStop } from '@walmq/change';
/** The fields of a NoticeResponse, as node-postgres names them, that this file reads. */
export interface ServerNotice {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  /** Name of the function in PostgreSQL's source that sent the notice. Unlike severity and message, it is never translated. */
  readonly routine?: string | undefined;
}

export type NoticeKind = 'publication-missing' | 'warning' | 'notice';

/**
 * Classifies a notice on the replication connection. If the publication is missing, PostgreSQL 18 only warns and skips the
 * changes. Many other warnings have the same SQLSTATE 55000 (for example, a standby of synchronized_standby_slots is not
 * connected), so the name of the function decides. A notice of SQLSTATE class 00 is not a warning.
 */
export function noticeKind({ code = '', routine }: ServerNotice): NoticeKind {
  if (code === '55000' && routine === 'LoadPublications') return 'publication-missing';
  return code.startsWith('00') ? 'notice' : 'warning';
}

/** Returns a warning as one sentence. */
export function warningText({ code, message, detail }: ServerNotice): string {
  return `PostgreSQL warns: ${message}${detail ? ` (${withoutStop(detail)})` : ''} [${code}]`;
}
