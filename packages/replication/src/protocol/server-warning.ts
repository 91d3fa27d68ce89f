import { withoutStop } from '@walmq/change';
/** What node-postgres gives of a NoticeResponse that is looked at here. */
export interface ServerNotice {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  /** The function in PostgreSQL's source that said it: never translated, unlike severity and message. */
  readonly routine?: string | undefined;
}

export type NoticeKind = 'publication-missing' | 'warning' | 'notice';

/**
 * What a notice on the replication connection is. PostgreSQL 18 goes on without a publication that is missing and skips
 * its changes with a mere warning; its SQLSTATE, 55000, is that of many others (a standby of synchronized_standby_slots
 * that is away, for one), so the function that said it decides. SQLSTATE class 00 is no warning.
 */
export function noticeKind({ code = '', routine }: ServerNotice): NoticeKind {
  if (code === '55000' && routine === 'LoadPublications') return 'publication-missing';
  return code.startsWith('00') ? 'notice' : 'warning';
}

/** A warning as one sentence. */
export function warningText({ code, message, detail }: ServerNotice): string {
  return `PostgreSQL warns: ${message}${detail ? ` (${withoutStop(detail)})` : ''} [${code}]`;
}
