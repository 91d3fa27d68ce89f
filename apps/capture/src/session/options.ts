import type { WalmqConfig } from '@walmq/config';
import type { DatabaseUrl } from '@walmq/postgres';
import type { ReplicationStream, Slot, Source } from '@walmq/replication';
import type { ChangeTracer } from '../pipeline/trace.js';
import type { Control } from '../postgres/control.js';
import type { Emit } from '../telemetry/capture-event.js';

export interface SessionOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: DatabaseUrl;
  readonly redisUrl: string;
  readonly stopping: AbortSignal;
  readonly emit: Emit;
  /** Names this process among captures, across its sessions. */
  readonly instance: string;
  readonly tracer?: ChangeTracer | undefined;
}

/** A session whose connections are up, and which holds the slot. */
export interface ConnectedOptions extends SessionOptions {
  readonly control: Control;
  readonly source: Source;
  /** Of the database. */
  readonly encoding: string;
  readonly stream: ReplicationStream;
  readonly slot: Slot;
}
