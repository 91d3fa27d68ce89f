/** Reads .github/workflows as the public CI would, and prints every mistake of their form and their expressions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installTools } from './install-tools.mjs';

installTools();
// The parser imports JSON in a way that only bundlers know.
const { createJiti } = await import('jiti');
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await createJiti(
  import.meta.url,
).import('@actions/workflow-parser');

const folder = join(import.meta.dirname, '../.github/workflows');
for (const name of readdirSync(folder)) {
  const content = readFileSync(join(folder, name), 'utf8');
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  for (const { message } of context.errors.getErrors()) {
    console.error(message);
    process.exitCode = 1;
  }
}
