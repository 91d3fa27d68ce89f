import type { WalmqConfig } from '@walmq/config';
import { type Gap, planSetup, runSteps, type SetupTable } from '@walmq/setup';
import { openControl } from '../postgres/control.js';

/** More would make others wait behind a lock that capture waits for. */
const LOCK_TIMEOUT_MS = 2000;

/**
 * Adds tables that are there and not published, as set-up does: with the replica identity that their UPDATEs need, and
 * whatever set-up refuses is refused. Resolves to why it could not.
 */
export async function addTables(
  databaseUrl: string,
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
