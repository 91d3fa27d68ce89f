import { chown, cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { eventually } from '../waiting.js';

const PHYSICAL_SLOT = 'standby';
const SYNC = { timeout: 120_000, interval: 250 };

export interface Pair {
  /** It cannot be restarted: it no longer knows the password with which its starter asks. */
  readonly primary: EmbeddedPostgres;
  /** A physical standby of it, streaming. */
  readonly standby: EmbeddedPostgres;
  /** The superuser's, on the standby: the primary's password. */
  readonly standbyUrl: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For tests: two servers, the second a standby of the first, made by copying its data in backup mode. */
export async function startPair(options: {
  /** Keeps slots with `failover` on the standby too. */
  readonly syncSlots: boolean;
  /** Logical slots wait for the standby, so that a capture is never ahead of it. */
  readonly waitForStandby: boolean;
  /** Lines of postgresql.conf of both servers. */
  readonly settings?: Readonly<Record<string, string | number>>;
}): Promise<Pair> {
  const quick = { wal_receiver_status_interval: '1s', wal_sender_timeout: '10s', ...options.settings };
  const [primary, standby] = await Promise.all([
    startPostgres({ settings: quick }),
    startPostgres({ settings: quick }),
  ]);
  const admin = new Client(primary.url);
  await admin.connect();
  // One cluster has one password: from here on both servers have the standby's own, which its restarts ask with.
  const { password } = new URL(standby.url);
  await admin.query(`ALTER ROLE postgres PASSWORD '${decodeURIComponent(password)}'`);
  await admin.query('SELECT pg_create_physical_replication_slot($1, true)', [PHYSICAL_SLOT]);
  await standby.kill('SIGKILL');
  await copyData(admin, primary, standby, options.syncSlots);
  await standby.restart();
  await eventually(async () => {
    const { rows } = await admin.query("SELECT FROM pg_stat_replication WHERE state = 'streaming'");
    if (rows.length !== 1) throw new Error('the standby does not stream yet');
  });
  if (options.waitForStandby) {
    await admin.query(`ALTER SYSTEM SET synchronized_standby_slots = '${PHYSICAL_SLOT}'`);
    await admin.query('SELECT pg_reload_conf()');
  }
  await admin.end();
  return {
    // Its process id must stay that of the process that runs.
    primary: Object.create(primary, { url: { value: withPassword(primary.url, password) } }),
    standby,
    standbyUrl: standby.url,
    async [Symbol.asyncDispose]() {
      await Promise.all([primary.stop(), standby.stop()]);
    },
  };
}

function withPassword(url: string, password: string): string {
  const changed = new URL(url);
  changed.password = password;
  return changed.href;
}

/** What pg_basebackup does, which the embedded package leaves out. */
async function copyData(
  admin: Client,
  primary: EmbeddedPostgres,
  { dataDir, url }: EmbeddedPostgres,
  syncSlots: boolean,
): Promise<void> {
  const owner = await stat(dataDir);
  const settings = await readFile(join(dataDir, 'walmq.conf'), 'utf8');
  await rm(dataDir, { recursive: true });
  await admin.query("SELECT pg_backup_start('standby', true)");
  await cp(primary.dataDir, dataDir, {
    recursive: true,
    verbatimSymlinks: true,
    filter: source => !/postmaster\.(pid|opts)$|pg_replslot\/./.test(source),
  });
  const { rows } = await admin.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
  const { password } = new URL(url);
  const conninfo = `host=127.0.0.1 port=${primary.port} user=postgres dbname=postgres password=${decodeURIComponent(password)}`;
  await writeFile(join(dataDir, 'backup_label'), rows[0]?.labelfile as string);
  await writeFile(join(dataDir, 'standby.signal'), '');
  await writeFile(
    join(dataDir, 'walmq.conf'),
    `${settings}primary_conninfo = '${conninfo}'\nprimary_slot_name = '${PHYSICAL_SLOT}'\n` +
      `hot_standby_feedback = on\nsync_replication_slots = ${syncSlots ? 'on' : 'off'}\n`,
  );
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true }))
    await chown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  await chown(dataDir, owner.uid, owner.gid);
}

/**
 * Waits until the standby keeps a slot that would survive a promotion. It does so once the primary's slot has moved past
 * where the standby first saw it, and a slot moves its restart_lsn at snapshots of the running transactions only: they
 * are asked for here, where the primary makes one in 15 s. A standby that found nothing to do looks again after 30 s.
 */
export async function slotSynced({ primary, standbyUrl }: Pair, slot: string): Promise<void> {
  const [ahead, behind] = [new Client(primary.url), new Client(standbyUrl)];
  await Promise.all([ahead.connect(), behind.connect()]);
  try {
    await eventually(async () => {
      await ahead.query('SELECT pg_log_standby_snapshot()');
      const { rows } = await behind.query(
        'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND synced AND NOT temporary AND invalidation_reason IS NULL',
        [slot],
      );
      if (rows.length !== 1) throw new Error(`the standby does not keep slot ${slot} yet`);
    }, SYNC);
  } finally {
    await Promise.all([ahead.end(), behind.end()]);
  }
}

export async function promote(standbyUrl: string): Promise<void> {
  const client = new Client(standbyUrl);
  await client.connect();
  await client.query('SELECT pg_promote()');
  await client.end();
}
