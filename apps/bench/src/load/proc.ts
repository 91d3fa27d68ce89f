import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc per second: 100 on every platform of Linux that Node.js supports. */
const HZ = 100;

interface Stat {
  readonly parent: number;
  readonly seconds: number;
  /** CPU time of its children that have ended. */
  readonly reapedSeconds: number;
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (index: number) => Number(fields[index]);
    return {
      parent: ticks(1),
      seconds: (ticks(11) + ticks(12)) / HZ,
      reapedSeconds: (ticks(13) + ticks(14)) / HZ,
    };
  } catch {
    // The process has ended, or the system has no /proc.
    return null;
  }
}

/** CPU time of a process. Null without /proc. */
export function cpuSecondsOf(pid: number): number | null {
  return statOf(pid)?.seconds ?? null;
}

/** CPU time of a server with its backends, also of those that have ended. Null without /proc. */
export function cpuSecondsOfServer(pid: number): number | null {
  const server = statOf(pid);
  if (!server) return null;
  const backends = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => statOf(Number(name)))
    .filter(stat => stat?.parent === pid);
  return (
    server.seconds + server.reapedSeconds + backends.reduce((sum, stat) => sum + (stat?.seconds ?? 0), 0)
  );
}

/** Peak resident memory of a process. Null without /proc. */
export function peakRssBytesOf(pid: number): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
