import { raw2NextJobData } from 'bullmq';
import { expect, it } from 'vitest';
import { JobReader, type RawJob } from './taken.js';

const OPTIONS = '{"attempts":8,"removeOnComplete":{"count":1000},"jobId":"7","kl":3}';

function raw(id: string, fields: readonly string[]): RawJob {
  return [fields.join('\0'), id, fields.length];
}

async function read(jobs: readonly RawJob[], ofRedis: readonly string[] = []) {
  const asked: string[] = [];
  const reader = new JobReader(async id => {
    asked.push(id);
    return [...ofRedis];
  });
  const taken = await reader.read(jobs, 'token');
  return { asked, jobs: taken.map(({ data }) => data) };
}

it.each([
  ['options of its own', ['name', 'insert', 'data', '{"a":1}', 'opts', OPTIONS, 'timestamp', '5']],
  ['an id that BullMQ made', ['name', 'insert', 'data', '{}', 'opts', '{"attempts":2}']],
  ['a name that is also a field', ['name', 'opts', 'data', '{}', 'opts', OPTIONS]],
  ['no options', ['name', 'insert', 'data', '{}']],
  ['an empty value', ['name', '', 'data', '{}', 'opts', OPTIONS, 'failedReason', '']],
])('reads a job with %s as BullMQ does', async (_what, fields) => {
  const { jobs, asked } = await read([raw('7', fields)]);
  expect(jobs).toEqual([raw2NextJobData([fields, '7', 0, 0])[0]]);
  expect(asked).toEqual([]);
});

it('gives each of the jobs with the same options its own id', async () => {
  const fieldsOf = (id: string) => [
    'name',
    'insert',
    'data',
    '{}',
    'opts',
    OPTIONS.replace('"7"', `"${id}"`),
  ];
  const ids = ['7', '8', '9'];
  const { jobs } = await read(ids.map(id => raw(id, fieldsOf(id))));
  expect(jobs).toEqual(ids.map(id => raw2NextJobData([fieldsOf(id), id, 0, 0])[0]));
  expect(new Set(jobs.map(({ opts }) => opts)).size).toBe(3);
});

it('asks Redis for the fields of a job that has a NUL in a value', async () => {
  const fields = ['name', 'insert', 'data', '{}', 'opts', OPTIONS, 'failedReason', 'a\0b'];
  const { jobs, asked } = await read([raw('7', fields)], fields);
  expect(asked).toEqual(['7']);
  expect(jobs[0]?.failedReason).toBe('a\0b');
});
