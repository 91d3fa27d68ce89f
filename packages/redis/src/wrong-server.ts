/** Prefix of Redis before 7.0 for the error of a command in a script; the second form if the script caught the error. */
const OF_A_SCRIPT = /^(?:ERR Error running script .*: -|(?:@?user_script: ?\d+: ?)+-?)/;

/** Removes the prefix that Redis adds to the error of a command in a script. */
export function commandError(message: string): string {
  return message.replace(OF_A_SCRIPT, '');
}

/**
 * First words of the errors of a server that takes no writes: a replica (READONLY, MASTERDOWN), a primary that was just
 * demoted (UNBLOCKED), a replica that loads its primary's data (LOADING).
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|UNBLOCKED|LOADING)\b/;

/**
 * Returns true if the error means that the server takes no writes. The address may lead to the new primary (a proxy, DNS, a
 * failover), but only for a new connection.
 */
export function isWrongServer({ message }: Error): boolean {
  return WRONG_SERVER.test(commandError(message));
}

/** First words of the errors for wrong credentials or missing rights. */
const DENIED = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

/** Redis' errors for a missing right in a script: of 6.2 and 7.0, then of 7.2 and newer. */
const DENIED_IN_A_SCRIPT =
  /(executing the script can't (run|access)|ACL failure in script|no permissions to (run|access))/i;

/** Returns true if the error means that the user lacks a right, or that Redis rejects the credentials. */
export function isDenied({ message }: Error): boolean {
  return DENIED.test(message) || DENIED_IN_A_SCRIPT.test(message);
}

/** Returns true if the server lacks the command: it was renamed or removed. The second form is that of a script. */
export function isUnknownCommand({ message }: Error): boolean {
  return /unknown command|Unknown Redis command called from/i.test(message);
}
