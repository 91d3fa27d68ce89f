import { readFileSync } from 'node:fs';

/** Idempotent SQL of the shop's own tables and of those that its workers write. */
export const shopSchemaSql = readFileSync(new URL('../schema.sql', import.meta.url), 'utf8');
