import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debezium Server 3 needs it. */
export const JAVA_MAJOR = 21;

const FOLDERS = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines'];

/** Path of a Java that Debezium runs on: JAVA_HOME, PATH, or the folders of the system. Undefined if there is none. */
export function findJava(): string | undefined {
  const { JAVA_HOME } = process.env;
  const homes = FOLDERS.flatMap(folder => listOf(folder).map(name => join(folder, name)));
  const candidates = [
    ...(JAVA_HOME ? [join(JAVA_HOME, 'bin', 'java')] : []),
    'java',
    ...homes.map(home => join(home, 'bin', 'java')),
    ...homes.map(home => join(home, 'Contents', 'Home', 'bin', 'java')),
  ];
  return candidates.find(path => majorOf(path) >= JAVA_MAJOR);
}

function majorOf(path: string): number {
  const { stderr } = spawnSync(path, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
