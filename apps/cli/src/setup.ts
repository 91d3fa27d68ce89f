import { auditSchemaSql } from '@walmq/audit';
import { WalmqError } from '@walmq/change';
import { changeLogSchemaSql } from '@walmq/change-log';
import type { WalmqConfig } from '@walmq/config';
import { outboxSchemaSql } from '@walmq/outbox';
import { planSetup, runSteps, type SetupSchema, type SetupStep, setupScript } from '@walmq/replication';
import { shopSchemaSql } from '@walmq/shop';
import { workerSchemaSql } from '@walmq/worker';
import { type CommandIo, configOf, databaseUrlOf } from './command.js';
import { withDatabase } from './connect.js';
import { tablesOf } from './tables.js';

export interface SetupCommandOptions {
  /** Makes the reference shop's tables too. */
  readonly shop?: boolean;
  /** Makes the audit log too. */
  readonly audit?: boolean;
  /** Makes the change log too. */
  readonly changeLog?: boolean;
  /** Makes the outbox table too. */
  readonly outbox?: boolean;
  /** Says what it would do. */
  readonly dryRun?: boolean;
  /** Prints the SQL instead. */
  readonly sql?: boolean;
  /** A JSON line for each step instead of a sentence. */
  readonly json?: boolean;
  /** Seconds that one statement may wait for locks and open transactions. */
  readonly wait: number;
}

const WORKER_SCHEMA: SetupSchema = {
  what: "the worker kit's tables in schema walmq",
  sql: workerSchemaSql,
  captured: false,
};

const AUDIT_SCHEMA: SetupSchema = { what: 'the audit log', sql: auditSchemaSql, captured: false };

const CHANGE_LOG_SCHEMA: SetupSchema = { what: 'the change log', sql: changeLogSchemaSql, captured: false };

const SHOP_SCHEMA: SetupSchema = {
  what: "the shop's tables",
  sql: shopSchemaSql,
  captured: true,
  inPublic: true,
};

/** `walmq setup`: prepares the database for the configured queues; prints what it found and did. */
export async function setupCommand(io: CommandIo, options: SetupCommandOptions): Promise<void> {
  const config = await configOf(io);
  const lockTimeoutMs = Math.ceil(options.wait * 1000);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const steps = await planSetup(client, {
      slot: config.source.slot,
      publication: config.source.publication,
      tables: tablesOf(config),
      schemas: [
        ...(options.shop ? [SHOP_SCHEMA] : []),
        WORKER_SCHEMA,
        ...(options.audit ? [AUDIT_SCHEMA] : []),
        ...(options.changeLog ? [CHANGE_LOG_SCHEMA] : []),
        ...(options.outbox ? [outboxSchema(config)] : []),
      ],
      lockTimeoutMs,
    });
    const lineOf = options.json ? jsonLine : stepLine;
    if (options.sql) io.print(setupScript(steps, lockTimeoutMs));
    else if (options.dryRun) for (const step of steps) io.print(lineOf(step, 'would'));
    else await runSteps(client, steps, { lockTimeoutMs, onStep: step => io.print(lineOf(step, 'done')) });
  });
}

/** Throws SETUP_OUTBOX_UNUSED. */
function outboxSchema({ outbox }: WalmqConfig): SetupSchema {
  if (!outbox)
    throw new WalmqError('SETUP_OUTBOX_UNUSED', 'no queue takes events from an outbox table.', {
      remedy: 'Give a queue in walmq.config.ts "outbox" with the aggregate types it takes.',
    });
  return {
    what: `the outbox table ${outbox.schema}.${outbox.table}`,
    sql: outboxSchemaSql(outbox),
    captured: true,
    inPublic: outbox.schema === 'public',
  };
}

function jsonLine(step: SetupStep, run: 'done' | 'would'): string {
  const status = step.status === 'run' ? run : step.status;
  return JSON.stringify({
    status,
    what: step.what,
    remedy: step.status === 'warning' ? (step.remedy ?? null) : null,
  });
}

function stepLine(step: SetupStep, run: 'done' | 'would'): string {
  const status = step.status === 'run' ? run : step.status;
  const remedy = step.status === 'warning' && step.remedy ? `. ${step.remedy}` : '';
  return `${status.padEnd(7)}  ${step.what}${remedy}`;
}
