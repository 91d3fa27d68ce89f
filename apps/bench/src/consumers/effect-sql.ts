import { QUEUE } from '../cases/bench-config.js';

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** Where effects are made. */
export const EFFECTS_TABLE = 'CREATE TABLE made (id bigint NOT NULL)';

/** The effect of one row: the same statement for every contender. */
export function makeOne(id: unknown): Statement {
  return { name: 'make', text: 'INSERT INTO made (id) VALUES ($1)', values: [id] };
}

/** The effects of several rows. */
export function makeAll(ids: readonly unknown[]): Statement {
  return { name: 'make-all', text: 'INSERT INTO made (id) SELECT unnest($1::bigint[])', values: [ids] };
}

/** Marks changes as done, in the table that `once` of the kit uses. Returns the changes that were not done before. */
export function markDone(changeIds: readonly string[]): Statement {
  return {
    name: 'mark',
    text: `INSERT INTO walmq.inbox (queue, change_id, job_id) SELECT '${QUEUE}', id, id FROM unnest($1::text[]) AS id
           ON CONFLICT DO NOTHING RETURNING change_id`,
    values: [changeIds],
  };
}
