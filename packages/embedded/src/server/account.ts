import { readFileSync } from 'node:fs';

/** Account that a server runs as; undefined for the account of this process. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

const NOBODY = 65534;

/** Returns the account `nobody` if this process runs as root: PostgreSQL refuses to run as root, and Redis need not. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  return nobodyOf(readPasswd());
}

/** Returns the ids of `nobody` in the text of a passwd file; 65534, the usual id, if the file does not name it. */
export function nobodyOf(passwd: string): { uid: number; gid: number } {
  const fields = passwd
    .split('\n')
    .find(line => line.startsWith('nobody:'))
    ?.split(':');
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  // On macOS nobody has the id -2, which spawn rejects.
  return uid > 0 && gid > 0 ? { uid, gid } : { uid: NOBODY, gid: NOBODY };
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
