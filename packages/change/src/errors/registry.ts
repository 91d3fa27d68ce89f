import { applicationErrors } from './codes/application.js';
import { commandErrors } from './codes/commands.js';
import { dashboardErrors } from './codes/dashboard.js';
import { databaseErrors } from './codes/database.js';
import { embeddedErrors } from './codes/embedded.js';
import { processErrors } from './codes/process.js';
import { projectErrors } from './codes/projects.js';
import { redisErrors } from './codes/redis.js';
import { replicationErrors } from './codes/replication.js';
import { setupErrors } from './codes/setup.js';
import { sinkErrors } from './codes/sinks.js';
import { statusErrors } from './codes/status.js';
import { tableErrors } from './codes/tables.js';
import { workerErrors } from './codes/workers.js';
import type { ErrorEntry } from './entry.js';

/** Every code that a user of walmq can meet, in the sections of docs/reference/errors.md. */
export const ERROR_SECTIONS = [
  { title: 'Start of a process', errors: processErrors },
  { title: 'PostgreSQL', errors: databaseErrors },
  { title: 'Slot, publication and stream', errors: replicationErrors },
  { title: 'Tables', errors: tableErrors },
  { title: 'Redis', errors: redisErrors },
  { title: 'Workers', errors: workerErrors },
  { title: 'Webhooks and analytics', errors: sinkErrors },
  { title: 'Status of the pipeline', errors: statusErrors },
  { title: 'Set-up and teardown', errors: setupErrors },
  { title: 'Commands', errors: commandErrors },
  { title: 'Projects', errors: projectErrors },
  { title: 'Application', errors: applicationErrors },
  { title: 'Dashboard', errors: dashboardErrors },
  { title: 'Embedded servers', errors: embeddedErrors },
] as const;

type CodesOf<Errors> = Errors extends unknown ? keyof Errors & string : never;

/** A code of the registry. */
export type ErrorCode = CodesOf<(typeof ERROR_SECTIONS)[number]['errors']>;

/** All entries with their codes. Each code is in exactly one section. */
export function errorEntries(): (ErrorEntry & { readonly code: ErrorCode })[] {
  return ERROR_SECTIONS.flatMap(({ errors }) =>
    Object.entries<ErrorEntry>(errors).map(([code, entry]) => ({ ...entry, code: code as ErrorCode })),
  );
}
