import { escapeIdentifier } from 'pg';

export type ProviderId =
  | 'own'
  | 'rds'
  | 'aurora'
  | 'cloud-sql'
  | 'alloydb'
  | 'azure'
  | 'supabase'
  | 'neon'
  | 'heroku';

/** A parameter of the server, and whether a new value needs a restart. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly restart: boolean;
}

/** Who runs the server, and the steps that this provider offers in place of a superuser's SQL. */
export interface Provider {
  readonly id: ProviderId;
  /** Name for a sentence: "Amazon RDS". Undefined for a server of one's own. */
  readonly name: string | undefined;
  /** The page of walmq's documentation. */
  readonly page: string | undefined;
  /** How wal_level becomes logical, as a remedy. */
  readonly enableLogical: string;
  /** How a role may open replication connections, as a remedy. */
  readonly grantReplication: (role: string) => string;
  /** How a parameter gets a value, as a remedy. */
  readonly setParameter: (parameter: Parameter) => string;
  /** True if the provider offers no logical replication at all. */
  readonly refuses: boolean;
}

const OWN: Provider = {
  id: 'own',
  name: undefined,
  page: undefined,
  enableLogical: 'Run ALTER SYSTEM SET wal_level = logical; and restart PostgreSQL.',
  grantReplication: role => `Run ALTER ROLE ${escapeIdentifier(role)} REPLICATION;`,
  setParameter: ({ name, value, restart }) =>
    `ALTER SYSTEM SET ${name} = ${value}; ${restart ? 'then restart PostgreSQL.' : 'SELECT pg_reload_conf();'}`,
  refuses: false,
};

const RDS_PAGE = 'docs/guides/postgres/rds.md';
const CLOUD_SQL_PAGE = 'docs/guides/postgres/cloud-sql.md';
const AZURE_PAGE = 'docs/guides/postgres/azure.md';
const SUPABASE_PAGE = 'docs/guides/postgres/supabase.md';
const NEON_PAGE = 'docs/guides/postgres/neon.md';
const HEROKU_PAGE = 'docs/guides/postgres/heroku.md';

const grantRdsReplication = (role: string) =>
  `Run GRANT rds_replication TO ${escapeIdentifier(role)}; as the master user (${RDS_PAGE}).`;

const unquoted = (value: string) => value.replaceAll("'", '');

const RDS: Provider = {
  id: 'rds',
  name: 'Amazon RDS',
  page: RDS_PAGE,
  enableLogical: `Set rds.logical_replication to 1 in the DB parameter group of the instance, and reboot the instance (${RDS_PAGE}).`,
  grantReplication: grantRdsReplication,
  setParameter: ({ name, value, restart }) =>
    `Set ${name} to ${unquoted(value)} in the DB parameter group of the instance${restart ? ', and reboot the instance' : ''} (${RDS_PAGE}).`,
  refuses: false,
};

const AURORA: Provider = {
  id: 'aurora',
  name: 'Amazon Aurora',
  page: RDS_PAGE,
  enableLogical: `Set rds.logical_replication to 1 in the DB cluster parameter group, and reboot the writer instance (${RDS_PAGE}).`,
  grantReplication: grantRdsReplication,
  setParameter: ({ name, value, restart }) =>
    `Set ${name} to ${unquoted(value)} in the DB cluster parameter group${restart ? ', and reboot the writer instance' : ''} (${RDS_PAGE}).`,
  refuses: false,
};

const withReplication = (role: string, runner: string, page: string) =>
  `Run ALTER ROLE ${escapeIdentifier(role)} WITH REPLICATION; as ${runner} (${page}).`;

const CLOUD_SQL: Provider = {
  id: 'cloud-sql',
  name: 'Google Cloud SQL',
  page: CLOUD_SQL_PAGE,
  enableLogical: `Set the flag cloudsql.logical_decoding of the instance to on, which restarts it (${CLOUD_SQL_PAGE}).`,
  grantReplication: role => withReplication(role, 'a member of cloudsqlsuperuser', CLOUD_SQL_PAGE),
  setParameter: ({ name, value, restart }) =>
    `Set the flag ${name} of the instance to ${unquoted(value)}${restart ? ', which restarts it' : ''} (${CLOUD_SQL_PAGE}).`,
  refuses: false,
};

const ALLOYDB: Provider = {
  id: 'alloydb',
  name: 'Google AlloyDB',
  page: CLOUD_SQL_PAGE,
  enableLogical: `Set the flag alloydb.logical_decoding of the primary instance to on, which restarts it (${CLOUD_SQL_PAGE}).`,
  grantReplication: role => withReplication(role, 'a member of alloydbsuperuser', CLOUD_SQL_PAGE),
  setParameter: CLOUD_SQL.setParameter,
  refuses: false,
};

const AZURE: Provider = {
  id: 'azure',
  name: 'Azure Database for PostgreSQL',
  page: AZURE_PAGE,
  enableLogical: `Set the server parameter wal_level to logical, and restart the server (${AZURE_PAGE}).`,
  grantReplication: role => withReplication(role, 'the server administrator', AZURE_PAGE),
  setParameter: ({ name, value, restart }) =>
    `Set the server parameter ${name} to ${unquoted(value)}${restart ? ', and restart the server' : ''} (${AZURE_PAGE}).`,
  refuses: false,
};

const SUPABASE: Provider = {
  id: 'supabase',
  name: 'Supabase',
  page: SUPABASE_PAGE,
  enableLogical: `Supabase sets wal_level to logical by itself. On this server somebody has changed it: set it back (${SUPABASE_PAGE}).`,
  grantReplication: role => withReplication(role, 'postgres', SUPABASE_PAGE),
  setParameter: ({ name, value }) =>
    `Run supabase --experimental --project-ref <ref> postgres-config update --config ${name}=${unquoted(value)} (${SUPABASE_PAGE}).`,
  refuses: false,
};

const NEON: Provider = {
  id: 'neon',
  name: 'Neon',
  page: NEON_PAGE,
  enableLogical: `Enable logical replication in the settings of the Neon project, which restarts its computes (${NEON_PAGE}).`,
  grantReplication: role =>
    `Run ALTER ROLE ${escapeIdentifier(role)} WITH REPLICATION; as a member of neon_superuser, or use a role that the Neon console has made (${NEON_PAGE}).`,
  setParameter: ({ name }) => `Neon sets ${name} itself: ask its support for another value (${NEON_PAGE}).`,
  refuses: false,
};

const HEROKU: Provider = {
  id: 'heroku',
  name: 'Heroku Postgres',
  page: HEROKU_PAGE,
  enableLogical: `Heroku Postgres offers no logical replication: move the database to a server that does (${HEROKU_PAGE}).`,
  grantReplication: () =>
    `Heroku Postgres grants no role replication: move the database to a server that does (${HEROKU_PAGE}).`,
  setParameter: ({ name }) => `Heroku sets ${name} itself: ask its support (${HEROKU_PAGE}).`,
  refuses: true,
};

export const PROVIDERS: readonly Provider[] = [
  OWN,
  RDS,
  AURORA,
  CLOUD_SQL,
  ALLOYDB,
  AZURE,
  SUPABASE,
  NEON,
  HEROKU,
];

/** The marks of providers that a database has. */
export interface ProviderFacts {
  /** Roles of MARKS.roles that exist. */
  readonly roles: readonly string[];
  /** Settings of MARKS.settings that the server knows. */
  readonly settings: readonly string[];
  /** Functions of MARKS.functions that exist. */
  readonly functions: readonly string[];
  /** Schemas of MARKS.schemas that exist. */
  readonly schemas: readonly string[];
}

interface Mark {
  readonly kind: keyof ProviderFacts;
  readonly name: string;
  readonly provider: Provider;
}

/**
 * One mark is enough, and the first that is there decides. Aurora has all marks of RDS too. A provider's schema or function comes
 * before roles: a dump of all roles of one provider, restored elsewhere, leaves roles behind.
 */
const MARKS: readonly Mark[] = [
  { kind: 'functions', name: 'aurora_version', provider: AURORA },
  { kind: 'settings', name: 'rds.logical_replication', provider: RDS },
  { kind: 'settings', name: 'cloudsql.logical_decoding', provider: CLOUD_SQL },
  { kind: 'settings', name: 'alloydb.logical_decoding', provider: ALLOYDB },
  { kind: 'settings', name: 'neon.timeline_id', provider: NEON },
  { kind: 'settings', name: 'azure.extensions', provider: AZURE },
  { kind: 'schemas', name: 'heroku_ext', provider: HEROKU },
  { kind: 'roles', name: 'rds_superuser', provider: RDS },
  { kind: 'roles', name: 'rds_replication', provider: RDS },
  { kind: 'roles', name: 'cloudsqlsuperuser', provider: CLOUD_SQL },
  { kind: 'roles', name: 'alloydbsuperuser', provider: ALLOYDB },
  { kind: 'roles', name: 'azure_pg_admin', provider: AZURE },
  { kind: 'roles', name: 'supabase_admin', provider: SUPABASE },
  { kind: 'roles', name: 'neon_superuser', provider: NEON },
];

/** The names to look for in a database, by kind. */
export function markNames(kind: keyof ProviderFacts): string[] {
  return MARKS.filter(mark => mark.kind === kind).map(({ name }) => name);
}

/** Who runs the server. A server without marks is one's own. */
export function providerOf(facts: ProviderFacts): Provider {
  return MARKS.find(({ kind, name }) => facts[kind].includes(name))?.provider ?? OWN;
}
