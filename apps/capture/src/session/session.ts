import { WalmqError } from '@walmq/change';
import { noteRefusal, readEncoding, readSource } from '@walmq/replication';
import { openControl } from '../postgres/control.js';
import { type Shard, shardsOf } from '../redis/shards.js';
import { explainDenied } from './denied-role.js';
import { explainBusySlot } from './home.js';
import { openStream } from './open-stream.js';
import type { ConnectedOptions, SessionOptions } from './options.js';
import { requireSlot } from './position.js';
import { explainMissing } from './publication-was-missing.js';
import { withScope } from './scope.js';
import { streamChanges } from './stream-changes.js';

/**
 * One connection's life: takes the slot, finds where the checkpoint stands, streams until the signal. Resolves when all
 * that was read is enqueued and acknowledged; rejects with the fault that ended it.
 */
export async function runSession(options: SessionOptions): Promise<void> {
  const { config, databaseUrl } = options;
  const { slot: name, publication } = config.source;
  await withScope(async scope => {
    const control = await openControl(databaseUrl, config.source.deadlineMs);
    scope.defer(() => control.close());
    const source = await readSource(control.client);
    await requireSlot(control.client, name, source.database);
    const encoding = await readEncoding(control.client);
    const stream = await openStream({
      config,
      databaseUrl,
      control,
      encoding,
      onWarning: sentence => options.emit({ type: 'notice', event: 'server:warning', sentence }),
    }).catch(async (cause: unknown) => {
      const first = shardsOf(options, { ...source, slot: name })[0] as Shard;
      const home = { config, redisUrl: options.redisUrl, connect: first.look };
      const explained = await explainBusySlot(cause, { control: control.client, slot: name, home });
      throw await explainDenied(explained, control.client);
    });
    scope.defer(() => stream.close());
    try {
      // From here on the slot is ours, so nobody else of this server moves it: slot and checkpoints can be compared.
      const slot = await requireSlot(control.client, name, source.database);
      await withScope(inner => streamChanges(inner, { ...options, control, source, encoding, stream, slot }));
    } catch (cause) {
      await noteIfAhead(cause, { ...options, control });
      throw await explainMissing(cause, control.client, publication);
    }
  });
}

/** Whatever WAL passes the checkpoint later on, this database is not the one that the checkpoint counts. */
async function noteIfAhead(
  cause: unknown,
  { config, control, emit }: Pick<ConnectedOptions, 'config' | 'control' | 'emit'>,
): Promise<void> {
  if (!(cause instanceof WalmqError && cause.code === 'CHECKPOINT_AHEAD')) return;
  const { checkpoint, reason } = cause.facts as { checkpoint: string; reason: string };
  if (!(await noteRefusal(control.client, config.source.slot, { checkpoint, reason })))
    emit({
      type: 'notice',
      event: 'refusal:not-noted',
      sentence: 'The refusal could not be written to walmq.capture',
    });
}
