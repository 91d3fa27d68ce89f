import { WalmqError } from '@walmq/change';
import { explainIssues } from './explain-issues.js';
import { contradictions } from './mistakes.js';
import { configSchema, type Parsed } from './schema.js';

/** Validates a configuration. Throws CONFIG_INVALID with all mistakes, each with the path of its field. */
export function parseConfig(input: unknown, origin: string): Parsed {
  const result = configSchema.safeParse(input);
  const mistakes = [...explainIssues(configSchema, result.error?.issues ?? []), ...contradictions(input)].map(
    ({ path, message }) => `  ${path.map(String).join('.') || '(root)'}: ${message}`,
  );
  if (result.success && mistakes.length === 0) return result.data;
  throw new WalmqError(
    'CONFIG_INVALID',
    `${origin} has ${mistakes.length} mistake(s):\n${mistakes.join('\n')}`,
  );
}
