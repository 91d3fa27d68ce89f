import type { Inbox } from '@walmq/embedded';
import type pg from 'pg';
import { countBySubject } from './count-mails.js';
import { countMails } from './effects.js';
import type { Services } from './services.js';

/** The results of the run, as lines for a person. */
export async function summarize(options: {
  pool: pg.Pool;
  services: Services;
  slot: string;
  /** Subject of the mail to show. */
  shownMail: string;
}): Promise<string[]> {
  const { pool, services, slot, shownMail } = options;
  const { inbox } = services;
  const mailed = inbox
    ? countBySubject(inbox.mails().map(mail => mail.subject))
    : [...(await countMails(pool))].map(([name, mails]) => `${mails} × ${name}`);
  return [
    'Mailed:',
    ...mailed.map(line => `  ${line}`),
    ...(inbox ? showMail(inbox, shownMail) : []),
    await countRows(pool),
    `Capture lag: ${await readLag(pool, slot)}`,
  ];
}

/** Where to look and what to try while the demo runs, as lines for a person. */
export function whereToLook(options: {
  services: Services;
  dashboardUrl: string;
  /** An order to change by hand. */
  orderId: number;
}): string[] {
  const { services, dashboardUrl, orderId } = options;
  const { databaseUrl, redisUrl, ownDatabase, ownRedis, inbox } = services;
  return [
    '',
    `Pipeline     ${dashboardUrl}`,
    `Bull Board   ${dashboardUrl}/queues`,
    ...(inbox ? [`Mail inbox   ${inbox.url}`] : []),
    ...(ownDatabase ? [`Database     ${databaseUrl}`] : []),
    ...(ownRedis ? [`Redis        ${redisUrl}`] : []),
    ...byHand(services, orderId),
  ];
}

/** One mail as a customer reads it. */
function showMail(inbox: Inbox, subject: string): string[] {
  const mail = inbox.mails().find(one => one.subject === subject);
  if (!mail) return [];
  const lines = mail.text.trim().split(/\n+/);
  return [`One of them, "${mail.subject}":`, ...lines.map(line => `  │ ${line}`)];
}

async function countRows(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<Record<'reserved' | 'released' | 'waiting' | 'alerts' | 'sold', number>>(
    `SELECT (SELECT count(*) FROM shop.reservations WHERE state = 'reserved')::int AS reserved,
            (SELECT count(*) FROM shop.reservations WHERE state = 'released')::int AS released,
            (SELECT count(*) FROM shop.back_orders)::int AS waiting,
            (SELECT count(*) FROM shop.low_stock_alerts)::int AS alerts,
            (SELECT coalesce(sum(quantity), 0) FROM shop.product_analytics)::int AS sold`,
  );
  const [row] = rows;
  return `Reservations: ${row?.reserved} held, ${row?.released} released · back-orders: ${row?.waiting} · low-stock alerts: ${row?.alerts} · units counted as sold: ${row?.sold}`;
}

/** How far the slot is behind the server: the WAL that capture must still read and make durable. */
async function readLag(pool: pg.Pool, slot: string): Promise<string> {
  const { rows } = await pool.query<{ lag: string; active: boolean }>(
    `SELECT pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)) AS lag, active
     FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  const [row] = rows;
  if (!row) return `there is no slot "${slot}"`;
  return `${row.lag} of WAL not yet acknowledged (slot "${slot}", ${row.active ? 'active' : 'not active'})`;
}

/** Commands to type. The password of a server that is not the demo's own is not shown. */
function byHand({ databaseUrl, redisUrl, ownDatabase, ownRedis }: Services, orderId: number): string[] {
  const database = ownDatabase ? databaseUrl : '$DATABASE_URL';
  const redis = ownRedis ? redisUrl : '$REDIS_URL';
  const statement = `UPDATE orders SET status = 'delivered' WHERE id = ${orderId}`;
  return [
    '',
    'Change a row by hand and watch what follows:',
    `  psql "${database}" -c "${statement}"`,
    `  DATABASE_URL="${database}" npx walmq sql "${statement}"`,
    'See how far everything is, and what is wrong:',
    `  DATABASE_URL="${database}" REDIS_URL="${redis}" npx walmq status`,
  ];
}
