import { errorSection } from '../entry.js';

export const redisErrors = errorSection({
  REDIS_UNREACHABLE: {
    meaning: 'No connection to Redis can be opened, or an open connection no longer answers.',
    remedy: 'Check `REDIS_URL`, and that the server runs and has connections left (`maxclients`).',
    from: ['every process'],
    outcome: 'retries',
  },
  REDIS_URL_INVALID: {
    meaning: 'The URL of Redis cannot be read, or a file that it names.',
    remedy: 'Do what the error says. [Redis](../guides/redis.md) shows every form of the URL.',
    from: ['every process'],
    outcome: 'ends',
  },
  REDIS_PRIMARY_UNKNOWN: {
    meaning: 'The Redis sentinels of `REDIS_URL` know no set of the name behind their hosts.',
    remedy:
      'Write the name of `sentinel monitor <name> ...` into the URL: [Sentinel](../guides/redis.md#sentinel). `SENTINEL MASTERS` lists the names.',
    from: ['every process'],
    outcome: 'ends',
  },
  REDIS_DENIED: {
    meaning: 'Redis rejects the user, the password or a command, or runs in protected mode.',
    remedy:
      'Do what the error says: [a Redis user of its own](../guides/operations.md#a-redis-user-of-its-own).',
    from: ['every process'],
    outcome: 'ends',
  },
  REDIS_DATABASE_UNKNOWN: {
    meaning: 'Redis has no database of the number in `REDIS_URL`.',
    remedy: 'Correct the number, or raise `databases` in `redis.conf`. A cluster has only number 0.',
    from: ['every process'],
    outcome: 'ends',
  },
  REDIS_TLS_REFUSED: {
    meaning:
      'TLS to Redis fails: an unknown authority, the certificate of another host, or `redis://` for a port with TLS or the reverse.',
    remedy: 'Do what the error says.',
    from: ['every process'],
    outcome: 'ends',
  },
  REDIS_NOT_DURABLE: {
    meaning: 'Redis cannot provide the durability that `redis.durability` promises.',
    remedy:
      'Run `CONFIG SET appendonly yes` and `CONFIG SET appendfsync always`, and write both into `redis.conf`. Or choose [a weaker promise](configuration.md#durability).',
    from: ['capture', 'doctor', 'status'],
    outcome: 'ends',
  },
  REDIS_MAY_EVICT: {
    meaning: 'The `maxmemory-policy` of Redis allows it to delete jobs.',
    remedy: 'Run `CONFIG SET maxmemory-policy noeviction`, and write it into `redis.conf`.',
    from: ['capture', 'doctor', 'status'],
    outcome: 'ends',
  },
  REDIS_DURABILITY_UNKNOWN: {
    meaning: 'Redis forbids CONFIG (managed Redis), so its durability cannot be checked.',
    remedy: 'Ask the provider, then set `redis.trustDurability: true`.',
    from: ['capture', 'doctor', 'status'],
    outcome: 'ends',
  },
  REDIS_READ_ONLY: {
    meaning: 'Redis is a replica, and rejects writes.',
    remedy: 'Set `REDIS_URL` to the primary.',
    from: ['status'],
    outcome: 'reported',
  },
  REDIS_WRITES_FAIL: {
    meaning: 'The disk of Redis is full or broken, so Redis rejects writes.',
    remedy: 'Make room, or repair the disk.',
    from: ['status'],
    outcome: 'reported',
  },
  REDIS_MEMORY_NEAR_LIMIT: {
    meaning: 'Redis is close to, or past, the share of memory at which capture pauses.',
    remedy: 'Start more workers, or give Redis more memory. A waiting job takes about 1 kB beside its data.',
    from: ['status'],
    outcome: 'reported',
  },
  REDIS_LOST_CHANGES: {
    meaning:
      'Redis has an older state than the position that PostgreSQL has confirmed. Jobs of the named range of WAL may be missing.',
    remedy:
      'Bring the newer state back first (append-only file, replica): capture then starts as usual. Otherwise: [after a restore](../guides/operations.md#after-a-restore).',
    from: ['capture', 'doctor', 'status'],
    outcome: 'ends',
  },
  CHECKPOINT_AHEAD: {
    meaning:
      'PostgreSQL has another history than the checkpoint: it was restored to an earlier state, or is a copy of the server. The database records the refusal.',
    remedy:
      'If `REDIS_URL` names the wrong server, correct it. If the newer state of the database still exists, bring it back. Otherwise: [after a restore](../guides/operations.md#after-a-restore).',
    from: ['capture', 'doctor', 'status'],
    outcome: 'ends',
  },
  CHECKPOINT_HELD: {
    meaning:
      'A capture of another server with the same identity writes this checkpoint: one server is a copy of the other, or an old primary still runs after a failover.',
    remedy: 'Give the copy a Redis or a `redis.prefix` of its own, or stop the old primary.',
    from: ['capture'],
    outcome: 'ends',
  },
  PIPELINE_COLLIDES: {
    meaning:
      'A capture of another pipeline (another slot or database) feeds the queues under this `redis.prefix`, and still runs.',
    remedy:
      'Give each configuration a `redis.prefix` of its own, or stop the other capture: [several pipelines](../guides/pipelines.md).',
    from: ['capture'],
    outcome: 'ends',
  },
  SLOT_OF_OTHER_PIPELINE: {
    meaning:
      'A capture of another configuration reads this slot, and writes to another Redis or `redis.prefix`. This configuration would get no change.',
    remedy:
      'Give each configuration a `source.slot` and a `source.publication` of its own: [several pipelines](../guides/pipelines.md).',
    from: ['capture'],
    outcome: 'ends',
  },
  CHECKPOINT_MOVED: {
    meaning: 'Another capture moved the checkpoint, or Redis went back in time. The batch was not written.',
    remedy: 'Nothing: capture reads the checkpoint again.',
    from: ['capture'],
    outcome: 'retries',
  },
  NOT_DURABLE_YET: {
    meaning: 'Redis has a batch, but has not confirmed that the batch is durable.',
    remedy: 'See [WalmqDurabilityBroken](../guides/operations.md#walmqdurabilitybroken).',
    from: ['capture'],
    outcome: 'retries',
  },
  ENQUEUE_REFUSED: {
    meaning:
      'Redis rejects a batch for a reason that does not pass. The error names the key, and the queue, table and change if one is at fault. Redis kept nothing of the batch.',
    remedy:
      'Read the reason. A key of another type belongs to somebody else: rename or delete it. ACLs must allow EVAL, every command of a data type, and the keys of the prefix.',
    from: ['capture'],
    outcome: 'ends',
  },
  JOB_NOT_TEXT: {
    meaning: 'A part of a job is not text: a defect of walmq. Nothing was written.',
    remedy: 'Report the defect.',
    from: ['capture'],
    outcome: 'ends',
  },
  ENQUEUER_CLOSED: {
    meaning: 'Capture tried to enqueue after it had stopped: a defect of walmq. Nothing was written.',
    remedy: 'Report the defect.',
    from: ['capture'],
    outcome: 'ends',
  },
  BULLMQ_UNKNOWN: {
    meaning: 'The installed bullmq is not the version that walmq pins.',
    remedy: 'Run `npm ci`.',
    from: ['capture'],
    outcome: 'ends',
  },
});
