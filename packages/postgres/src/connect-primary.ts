import { messageOf, WalmqError, withoutStop } from '@walmq/change';
import type { Client } from 'pg';
import { type DatabaseUrl, urlText, withUrl } from './database-url.js';
import { connectionError, connectionFailure } from './failure.js';
import { urlsOfHosts } from './hosts.js';

/** A connection, and the way to its server alone. */
export interface Reached {
  readonly client: Client;
  /** Names one host. Later connections by this URL lead to the same server. */
  readonly url: DatabaseUrl;
}

/**
 * Connects to the host of the URL that is a primary: the first that answers and is not in recovery. A URL with one host is
 * connected to as it is. As in libpq, a refusal of user or password ends the search. `open` resolves to a connected client, or
 * rejects with the error of pg and leaves nothing open.
 */
export async function connectPrimary(
  database: DatabaseUrl,
  open: (one: DatabaseUrl) => Promise<Client>,
): Promise<Reached> {
  const urls = urlsOfHosts(urlText(database));
  if (urls.length === 1) return { client: await open(database), url: database };
  const missed: Missed[] = [];
  for (const each of urls) {
    const url = withUrl(database, each);
    const host = hostText(each);
    try {
      const client = await open(url);
      if (await isPrimary(client)) return { client, url };
      missed.push({ host, isStandby: true, reason: 'is a standby' });
      void client.end().catch(() => undefined);
    } catch (cause) {
      if (connectionFailure(cause).lasting) throw connectionError(cause);
      missed.push({ host, isStandby: false, reason: withoutStop(messageOf(cause)) });
    }
  }
  throw noPrimary(missed);
}

async function isPrimary(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  return rows[0]?.standby === false;
}

interface Missed {
  readonly host: string;
  readonly isStandby: boolean;
  readonly reason: string;
}

/** Host and port, without user and password. */
function hostText(url: string): string {
  return /[?&]host=([^&#]*)/i.exec(url)?.[1] ?? url.replace(/^[^:]*:\/\/(?:[^/?#]*@)?([^/?#]*).*$/s, '$1');
}

function noPrimary(missed: readonly Missed[]): WalmqError {
  const hosts = missed.map(({ host, reason }) => `${host}: ${reason}`).join('; ');
  return new WalmqError(
    missed.some(({ isStandby }) => isStandby) ? 'DATABASE_IS_STANDBY' : 'DATABASE_UNREACHABLE',
    `no host of DATABASE_URL is a primary that answers (${hosts}).`,
    {
      remedy:
        'Nothing to do if a standby is being promoted; else start the primary, or correct DATABASE_URL.',
    },
  );
}
