import { WalmqError } from '@walmq/change';
import type { Manifest } from './project.js';

/** Major version of walmq's own bullmq. */
export const BULLMQ_MAJOR = 6;

/** Throws BULLMQ_UNFIT if the project asks for a bullmq whose major version cannot be walmq's. */
export function checkBullmq({
  dependencies,
  devDependencies,
}: Pick<Manifest, 'dependencies' | 'devDependencies'>): void {
  const range = dependencies.bullmq ?? devDependencies.bullmq;
  const majors = [...(range ?? '').matchAll(/(?:^|[\s|^~>=<v])(\d+)/g)].map(([, major]) => Number(major));
  // No number: a tag, a path, a workspace. The package manager decides what it is.
  if (majors.length === 0 || majors.includes(BULLMQ_MAJOR)) return;
  throw new WalmqError(
    'BULLMQ_UNFIT',
    `the project has bullmq ${range}, and walmq writes jobs with bullmq ${BULLMQ_MAJOR}.`,
    {
      remedy: `Update it to ^${BULLMQ_MAJOR}. If none of its own workers reads a queue of walmq, add --keep-bullmq: walmq then has its own copy beside it.`,
    },
  );
}
