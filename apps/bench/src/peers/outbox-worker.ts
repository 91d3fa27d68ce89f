/** pg-transactional-outbox with its replication listener, as its README shows it. */
import type { ClientBase } from 'pg';
import type { ConsumerContext } from '../cases/bench-config.js';
import { makeOne } from '../consumers/effect-sql.js';
import { Handled, nowMs } from '../consumers/handled.js';
import { loadPeer } from './load-peer.js';
import { OUTBOX_PUBLICATION, OUTBOX_TABLE } from './triggers.js';

interface Message {
  readonly payload: { readonly id: number };
}
interface Outbox {
  initializeReplicationMessageListener(
    config: object,
    handler: { handle(message: Message, client: ClientBase): Promise<void> },
    logger: object,
    strategies: object,
  ): [stop: () => Promise<void>];
  createReplicationMutexConcurrencyController(): object;
}

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const outbox = loadPeer<Outbox>('pg-transactional-outbox', context.peersFolder);
const handled = new Handled();
const url = new URL(context.databaseUrl);
const database = {
  host: url.hostname,
  port: Number(url.port),
  user: url.username,
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
};
const complain = (...parts: unknown[]) =>
  console.error(...parts.map(part => (part as Error)?.message ?? part));
const silent = () => {};
const logger: Record<string, unknown> = {
  fatal: complain,
  error: complain,
  warn: silent,
  info: silent,
  debug: silent,
  trace: silent,
  silent,
  child: () => logger,
};

const [stop] = outbox.initializeReplicationMessageListener(
  {
    outboxOrInbox: 'outbox',
    dbListenerConfig: database,
    dbHandlerConfig: database,
    settings: {
      dbSchema: 'public',
      dbTable: OUTBOX_TABLE,
      enableMaxAttemptsProtection: false,
      enablePoisonousMessageProtection: false,
      dbPublication: OUTBOX_PUBLICATION,
      dbReplicationSlot: context.slot,
    },
  },
  {
    handle: async ({ payload: { id } }, client) => {
      const begunMs = nowMs();
      if (context.work === 'once') await client.query(makeOne(id));
      handled.add(id, begunMs);
    },
  },
  logger,
  { concurrencyStrategy: outbox.createReplicationMutexConcurrencyController() },
);
process.on('SIGTERM', () => {
  setTimeout(() => process.exit(0), 1000);
  void stop().finally(() => process.exit(0));
});
handled.ready();
