import type { Lsn } from '@walmq/change';
import { sourceTag } from '@walmq/fanout';
import { readSenderWait, readSlotDetail, type SlotDetail, stallReason } from '@walmq/operations';
import type { DatabaseUrl } from '@walmq/postgres';
import { foreignKind, readSlot, readSource, type Slot } from '@walmq/replication';
import { poll } from '@walmq/runtime';
import type { Client } from 'pg';
import { type Control, openControl } from './control.js';

/** The state of the slot, also while no capture reads it. */
export interface SlotSnapshot {
  /** Undefined where the slot is missing or not ours. */
  readonly slot: (Slot & SlotDetail) | undefined;
  readonly walEnd: Lsn;
  /** Why the walsender sends nothing, as a clause; undefined where nothing blocks it. */
  readonly stall: string | undefined;
  /** Names the database, slot and server, as in job ids. */
  readonly source: string;
}

export interface WatchSlotOptions {
  readonly databaseUrl: DatabaseUrl;
  readonly slot: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onLook: (snapshot: SlotSnapshot) => void;
  /** The server does not answer. The stream meets the same server and reports the reason. */
  readonly onUnreachable: () => void;
}

const INTERVAL_MS = 1000;
/** Then the connection is opened anew: the name in the URL may lead to another server by now. */
const LOOKS_PER_CONNECTION = 30;

/**
 * Looks at the slot at once and then every second, whether this capture reads it or stands by, on a connection of
 * its own. Resolves after the signal.
 */
export async function watchSlot(options: WatchSlotOptions): Promise<void> {
  const { databaseUrl, slot, deadlineMs, signal, onLook, onUnreachable } = options;
  let control: Control | undefined;
  let looks = 0;

  async function disconnect(): Promise<void> {
    const old = control;
    control = undefined;
    await old?.close();
  }

  signal.addEventListener('abort', () => void disconnect(), { once: true });
  await poll({
    everyMs: INTERVAL_MS,
    signal,
    async look() {
      try {
        control ??= await openControl(databaseUrl, deadlineMs);
        const snapshot = await readSnapshot(control.client, slot);
        if (!signal.aborted) onLook(snapshot);
        if (++looks % LOOKS_PER_CONNECTION === 0) await disconnect();
      } catch {
        if (!signal.aborted) onUnreachable();
        await disconnect();
      }
    },
  });
  await disconnect();
}

/** Reads the slot before the end of the WAL, so that the end is never behind the slot. */
async function readSnapshot(client: Client, name: string): Promise<SlotSnapshot> {
  const [slot, detail] = [await readSlot(client, name), await readSlotDetail(client, name)];
  const source = await readSource(client);
  const ours = slot && detail && foreignKind(slot, source.database) === undefined;
  const wait = ours && detail.activePid !== null ? await readSenderWait(client, detail.activePid) : undefined;
  return {
    stall: wait && stallReason(wait),
    slot: ours ? { ...slot, ...detail } : undefined,
    walEnd: source.walEnd,
    source: sourceTag({ ...source, slot: name }),
  };
}
