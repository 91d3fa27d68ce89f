import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by half of what is alive before it is collected, where V8 would let it grow fourfold: what
 * streams through is garbage a moment later. Rows of 1 MB peaked at 249 MB of resident memory without this and at 167
 * with it; a drain of small rows is no slower, as what they leave dies young.
 */
export function boundHeap(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
