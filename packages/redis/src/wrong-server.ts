/** How Redis before 7.0 wraps the error of a command that a script called; the second form where the script caught it. */
const OF_A_SCRIPT = /^(?:ERR Error running script .*: -|(?:@?user_script: ?\d+: ?)+-?)/;

/** The error that a command gave, without what Redis wraps around it when a script called the command. */
export function commandError(message: string): string {
  return message.replace(OF_A_SCRIPT, '');
}

/**
 * First words of the answers of a server that is not the one to write to: a replica (READONLY, MASTERDOWN), a primary
 * that has just become one (UNBLOCKED), a replica that takes over its primary's data (LOADING).
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|UNBLOCKED|LOADING)\b/;

/**
 * Whether the server at the other end is no longer the primary. The address may lead to the primary by now (a proxy, DNS,
 * a failover), but only a new connection finds it.
 */
export function isWrongServer({ message }: Error): boolean {
  return WRONG_SERVER.test(commandError(message));
}

/** First words of the answers to a client without the right credentials or rights. */
const DENIED = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

/** What Redis says of a right that the user of a script lacks: 6.2 and 7.0, then 7.2 and newer. */
const DENIED_IN_A_SCRIPT =
  /(executing the script can't (run|access)|ACL failure in script|no permissions to (run|access))/i;

/** Whether an answer means that the user lacks a right, or is not the one that Redis knows. */
export function isDenied({ message }: Error): boolean {
  return DENIED.test(message) || DENIED_IN_A_SCRIPT.test(message);
}
