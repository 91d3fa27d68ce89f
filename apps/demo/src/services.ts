import { type Inbox, startInbox, startPostgres, startRedis } from '@walmq/embedded';
import { connectOnce } from '@walmq/redis';

const CONNECT_TIMEOUT_MS = 5000;

/** The servers of the apps: the demo's own, or named by the environment. */
export interface Services {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly smtpUrl: string;
  /** Undefined if SMTP_URL names a server, whose mails the demo cannot read. */
  readonly inbox: Inbox | undefined;
  /** True for the demo's own server, whose password may be shown. */
  readonly ownDatabase: boolean;
  readonly ownRedis: boolean;
  stop(): Promise<void>;
}

interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts all servers that the environment does not name, in parallel. Throws the first failure, after the
 * others have stopped.
 */
export async function startServices(options: {
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  smtpUrl: string | undefined;
  print: (line: string) => void;
}): Promise<Services> {
  const { databaseUrl, redisUrl, smtpUrl, print } = options;
  const onProgress = (line: string) => print(`… ${line}`);
  const started = await Promise.allSettled([
    // `walmq setup`, which comes next, checks whether the user's database can be used.
    databaseUrl ? existing(databaseUrl) : startPostgres({ onProgress }),
    redisUrl ? existingRedis(redisUrl) : startRedis({ onProgress }),
    smtpUrl ? undefined : startInbox(),
  ]);
  const stop = async () => {
    await Promise.all(started.map(one => (one.status === 'fulfilled' ? one.value?.stop() : undefined)));
  };
  const [database, redis, inbox] = started;
  if (database.status === 'rejected' || redis.status === 'rejected' || inbox.status === 'rejected') {
    await stop();
    throw started.find(one => one.status === 'rejected')?.reason;
  }
  print('✓ servers ready');
  return {
    databaseUrl: database.value.url,
    redisUrl: redis.value.url,
    smtpUrl: smtpUrl || (inbox.value?.smtpUrl ?? ''),
    inbox: inbox.value,
    ownDatabase: !databaseUrl,
    ownRedis: !redisUrl,
    stop,
  };
}

async function existing(url: string): Promise<Service> {
  return { url, stop: async () => {} };
}

/** Rejects with REDIS_UNREACHABLE or another code REDIS_... for the cause. */
async function existingRedis(url: string): Promise<Service> {
  const redis = await connectOnce(url, { name: 'walmq demo', deadlineMs: CONNECT_TIMEOUT_MS });
  redis.disconnect();
  return await existing(url);
}
