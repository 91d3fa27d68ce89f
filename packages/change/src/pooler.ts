interface ServerError {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** A connection pooler that has answered in place of PostgreSQL. */
export interface Pooler {
  /** For a sentence: "PgBouncer". */
  readonly name: string;
  /**
   * `options`: it takes no session settings. `replication`: it takes no replication connection.
   */
  readonly refuses: 'options' | 'replication';
}

/**
 * Recognizes a pooler by its answer to a connection. PgBouncer, and so Neon's pooler, names the parameter; Supavisor ignores
 * `replication` and gives the commands of replication to PostgreSQL as SQL; RDS Proxy names itself.
 */
export function poolerOf(cause: unknown): Pooler | undefined {
  const { code, message: said } = Object(cause) as ServerError;
  const message = typeof said === 'string' ? said : '';
  if (/\bRDS Proxy\b/i.test(message))
    return { name: 'RDS Proxy', refuses: /command-line options/i.test(message) ? 'options' : 'replication' };
  const [, where = '', parameter] =
    /unsupported startup parameter( in options)?: (\w+)/i.exec(code === '08P01' ? message : '') ?? [];
  if (parameter !== undefined)
    return {
      name: 'PgBouncer, or one like it',
      refuses: where === '' && parameter === 'replication' ? 'replication' : 'options',
    };
  if (code === '42601' && /"(?:IDENTIFY_SYSTEM|START_REPLICATION|CREATE_REPLICATION_SLOT)"/i.test(message))
    return {
      name: 'one that ignores the request for replication, as Supavisor does',
      refuses: 'replication',
    };
  return undefined;
}
