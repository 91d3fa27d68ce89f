import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Where the definitions of custom resources that the chart uses are: a Go module, and a file in it. */
export const DEFINITIONS = [
  ['github.com/kedacore/keda/v2@v2.17.2', 'config/crd/bases/keda.sh_scaledobjects.yaml'],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
  ],
];

/** Paths of the definitions. Downloads their modules, which needs go. */
export function definitionFiles() {
  return DEFINITIONS.map(([module, path]) => {
    const found = execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8' });
    return join(JSON.parse(found).Dir, path);
  });
}
