import type { Verdict } from './flat.js';

const MIB = 1024 * 1024;

export function sentenceOf({ name, growth, median, max }: Verdict): string {
  return name.endsWith('keys')
    ? `${name}: median ${Math.round(median)}, at most ${max}, growth ${Math.round(growth)}`
    : `${name}: median ${mib(median)}, at most ${mib(max)}, growth ${mib(growth)}`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
