import { readFileSync } from 'node:fs';

/** The account a server runs as. Undefined: our own. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

const NOBODY = 65534;

/** PostgreSQL refuses to run as root, and Redis has no need to: for root, the account `nobody`. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  return nobodyOf(readPasswd());
}

/** `nobody` of a passwd file's text; 65534, its usual number, when the file does not name it. */
export function nobodyOf(passwd: string): { uid: number; gid: number } {
  const fields = passwd
    .split('\n')
    .find(line => line.startsWith('nobody:'))
    ?.split(':');
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  // macOS writes nobody as -2, which spawn does not take.
  return uid > 0 && gid > 0 ? { uid, gid } : { uid: NOBODY, gid: NOBODY };
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
