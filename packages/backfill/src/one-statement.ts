import type { QueryConfig } from 'pg';

/** By the extended protocol, which takes one statement only: what an operator writes cannot end it and begin another. */
export function oneStatement(text: string): QueryConfig {
  const config: QueryConfig & { queryMode: 'extended' } = { text, queryMode: 'extended' };
  return config;
}
