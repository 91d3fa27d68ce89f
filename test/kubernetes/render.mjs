/**
 * Renders the chart into rendered/, for the tests, which have no Helm: `node test/kubernetes/render.mjs`. WALMQ_HELM names the program
 * (default: helm, version 3).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES, CHART, digest, RENDERED } from './cases.mjs';

const HELM = process.env.WALMQ_HELM ?? 'helm';
const helm = (args, values) =>
  execFileSync(HELM, [...args, '--kube-version', '1.34.0', '--values', '-'], {
    encoding: 'utf8',
    input: JSON.stringify(values),
  });

mkdirSync(RENDERED, { recursive: true });
for (const [name, values] of Object.entries(CASES)) {
  const files = name === 'shop' ? ['--values', join(CHART, 'values-shop.yaml')] : [];
  process.stdout.write(helm(['lint', '--strict', CHART, ...files], values));
  const text = helm(['template', 'walmq', CHART, '--namespace', 'shop', ...files], values);
  writeFileSync(join(RENDERED, `${name}.yaml`), text);
}
writeFileSync(join(RENDERED, 'digest.txt'), `${digest()}\n`);
