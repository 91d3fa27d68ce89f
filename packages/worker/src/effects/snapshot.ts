/** A snapshot in PostgreSQL's text form: `xmin:xmax:xid,xid,...`, with 64-bit transaction ids. */
export type SnapshotText = string;

/**
 * True if a snapshot shows what a transaction has committed. `xid` has 32 bits, as in the WAL, and stands for the
 * 64-bit id that is nearest to the snapshot: see `nearestXid`.
 *
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
export function isShown(snapshot: SnapshotText, xid: number): boolean {
  const [xmin = '', xmax = '', running = ''] = snapshot.split(':');
  const full = nearestXid(snapshot, xid);
  if (full < BigInt(xmin)) return true;
  return full < BigInt(xmax) && !running.split(',').includes(String(full));
}

/**
 * The 64-bit id with these low 32 bits that is nearest to the snapshot's `xmax`, below or above it. `xmax` is one above
 * the last transaction that has *ended*, so the id of a transaction whose commit still waits may be above it.
 */
export function nearestXid(snapshot: SnapshotText, xid: number): bigint {
  const xmax = BigInt(snapshot.split(':')[1] as string);
  return xmax + BigInt.asIntN(32, BigInt(xid) - xmax);
}
