import { tableName } from '@walmq/change';
import { quoted } from '../plan/names.js';
import type { TestRunner } from '../plan/test-runner.js';
import { type Named, workerPath } from './config-file.js';
import { EXAMPLE_TABLE } from './example.js';
import { sampleRow } from './sample-row.js';

/** A test of the generated worker: one change, without servers. */
export function testFile({ table, name }: Named, runner: TestRunner): string {
  return `${head(name, runner)}
test('handles an inserted row', async () => {
  const change = changes.insert(${quoted(tableName(table))}, ${sampleRow(table.model, '  ')});
  const { outcome, result } = await testHandler(worker, change);
  ${equal(runner, '{ outcome, result }', "{ outcome: 'completed', result: { action: 'inserted' } }")}
});
`;
}

/** The test of the example's worker. */
export function exampleTestFile(runner: TestRunner): string {
  return `${head(EXAMPLE_TABLE.table, runner)}
const order = ${sampleRow(EXAMPLE_TABLE.model, '')};

test('adds an order to the totals of its customer', async () => {
  // Stands for PostgreSQL: answers the statement within once().
  const tx = { query: async () => ({ rows: [{ orders: 2, spent: '30.00' }] }) };
  const { result, statements } = await testHandler(worker, changes.insert('orders', order), { tx });
  ${equal(runner, 'result', "{ action: 'counted', orders: 2, spent: '30.00' }")}
  ${equal(runner, 'statements.map(({ values }) => values)', '[[order.customer, order.total]]')}
});
`;
}

const IMPORTS: Readonly<Record<TestRunner, string>> = {
  node: "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\n",
  vitest: "import { expect, test } from 'vitest';\n",
  jest: "import { expect, test } from '@jest/globals';\n",
};

function head(name: string, runner: TestRunner): string {
  const worker = workerPath(name).split('/').at(-1)?.replace(/ts$/, 'js');
  return `${IMPORTS[runner]}import { changesOf, testHandler } from 'walmq/testing';
import { type Tables, tables } from '../walmq-tables.js';
import worker from './${worker}';

const changes = changesOf<Tables>(tables);
`;
}

function equal(runner: TestRunner, actual: string, expected: string): string {
  return runner === 'node'
    ? `assert.deepEqual(${actual}, ${expected});`
    : `expect(${actual}).toEqual(${expected});`;
}
