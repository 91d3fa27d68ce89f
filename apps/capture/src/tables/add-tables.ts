import type { WalmqConfig } from '@walmq/config';
import type { DatabaseUrl } from '@walmq/postgres';
import { type Gap, planSetup, runSteps, type SetupTable } from '@walmq/setup';
import { openControl } from '../postgres/control.js';

/** A longer wait for a lock would block other sessions behind it. */
const LOCK_TIMEOUT_MS = 2000;

/**
 * Adds existing tables that are not published, as set-up does: with the replica identity that their UPDATEs need.
 * Resolves to the error where set-up rejects a table.
 */
export async function addTables(
  databaseUrl: DatabaseUrl,
  { slot, publication, deadlineMs }: WalmqConfig['source'],
  gaps: readonly Gap[],
): Promise<Error | undefined> {
  const tables: SetupTable[] = gaps.flatMap(({ code, table }) =>
    table && (code === 'TABLE_UNPUBLISHED' || code === 'CHILDREN_UNPUBLISHED') ? [table] : [],
  );
  if (tables.length === 0) return undefined;
  try {
    const control = await openControl(databaseUrl, deadlineMs);
    try {
      const options = { slot, publication, tables, lockTimeoutMs: LOCK_TIMEOUT_MS };
      const steps = await planSetup(control.client, options);
      await runSteps(control.client, steps, { lockTimeoutMs: LOCK_TIMEOUT_MS, onStep: () => undefined });
      return undefined;
    } finally {
      await control.close();
    }
  } catch (error) {
    return error as Error;
  }
}
