import { describe, expect, it } from 'vitest';
import { bigqueryTablesSql, placeOf } from './tables.js';

describe('bigqueryTablesSql', () => {
  it('creates the dataset in its place, tables, and views of the newest facts', () => {
    const sql = bigqueryTablesSql({
      dataset: 'analytics',
      location: 'EU',
      tables: {
        order_facts: {
          key: { id: 'INT64' },
          columns: { status: 'STRING', total: 'NUMERIC(12, 2)', tags: 'ARRAY<STRING>' },
        },
      },
    });
    expect(sql.split('\n')).toEqual([
      'CREATE SCHEMA IF NOT EXISTS `analytics` OPTIONS (location = "EU");',
      'CREATE TABLE IF NOT EXISTS `analytics`.`order_facts` (`id` INT64, `status` STRING, `total` NUMERIC(12, 2), `tags` ARRAY<STRING>, walmq_position STRING NOT NULL, walmq_deleted BOOL NOT NULL) CLUSTER BY `id`;',
      'CREATE VIEW IF NOT EXISTS `analytics`.`order_facts_newest` AS SELECT `id`, `status`, `total`, `tags`, walmq_position FROM `analytics`.`order_facts` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `id` ORDER BY walmq_position DESC) = 1 AND NOT walmq_deleted;',
    ]);
  });

  it('leaves the dataset alone without a place for it, and clusters by four columns at most', () => {
    const key = { a: 'INT64', b: 'INT64', c: 'INT64', d: 'INT64', e: 'INT64' };
    const sql = bigqueryTablesSql({ dataset: 'analytics', tables: { 'other.facts': { key, columns: {} } } });
    expect(sql).not.toContain('CREATE SCHEMA');
    expect(sql).toContain('CREATE TABLE IF NOT EXISTS `other`.`facts` (');
    expect(sql).toContain('CLUSTER BY `a`, `b`, `c`, `d`;');
    expect(sql).toContain('PARTITION BY `a`, `b`, `c`, `d`, `e` ORDER BY');
  });
});

describe('placeOf', () => {
  it.each([
    ['facts', { dataset: 'analytics', table: 'facts' }],
    ['other.facts-1', { dataset: 'other', table: 'facts-1' }],
  ])('%s', (name, place) => {
    expect(placeOf(name, 'analytics')).toEqual(place);
  });

  it.each(['', 'a.b.c', 'a b', 'a/b', '.facts', 'a`b'])('refuses "%s"', name => {
    expect(() => placeOf(name, 'analytics')).toThrow('is not the name of a table of BigQuery');
  });
});
