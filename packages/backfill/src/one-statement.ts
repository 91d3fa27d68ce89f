import type { QueryConfig } from 'pg';

/** Uses the extended protocol, which accepts one statement only: an operator's filter cannot add a second one. */
export function oneStatement(text: string): QueryConfig {
  const config: QueryConfig & { queryMode: 'extended' } = { text, queryMode: 'extended' };
  return config;
}
