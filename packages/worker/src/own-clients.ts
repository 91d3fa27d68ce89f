/**
 * A pool of pg 8. Structural: an application passes a pool of its own copy of pg, whose version and whose types may differ
 * from walmq's.
 */
export interface DatabasePool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  connect(): Promise<{ release(error?: Error | boolean): void }>;
  end(): Promise<void>;
}

/** A connection of ioredis 5 or later, of the application's own copy too. */
export interface RedisConnection {
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(): void;
  duplicate(): unknown;
  exists(key: string): Promise<number>;
  hget(key: string, field: string): Promise<string | null>;
}
