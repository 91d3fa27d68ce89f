import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { type Processor, Queue, Worker } from 'bullmq';
import { Client } from 'pg';

const ROOT = join(import.meta.dirname, '../../..');

/** A whole pipeline on real servers: the reference shop's tables, a capture process, and workers of the test. */
export class TestPipeline implements AsyncDisposable {
  readonly postgres: EmbeddedPostgres;
  readonly redis: EmbeddedRedis;
  readonly client: Client;
  readonly orders: Queue;
  readonly #workers: Worker[] = [];
  #stopCapture: () => Promise<void> = async () => {};

  private constructor(postgres: EmbeddedPostgres, redis: EmbeddedRedis) {
    this.postgres = postgres;
    this.redis = redis;
    this.client = new Client(postgres.url);
    this.orders = new Queue('orders', { connection: { url: redis.url } });
  }

  /** Servers and tables; nothing runs yet. `env`: over the process's environment. `setup`: options of `walmq setup`. */
  static async create({
    env = {},
    setup = [],
  }: {
    readonly env?: Record<string, string>;
    readonly setup?: readonly string[];
  } = {}): Promise<TestPipeline> {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const pipeline = new TestPipeline(postgres, redis);
    await promisify(execFile)(process.execPath, [join(ROOT, 'packages/shop/bin/shop-setup.js'), ...setup], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...pipeline.env, ...env },
    });
    await pipeline.client.connect();
    return pipeline;
  }

  get env(): { DATABASE_URL: string; REDIS_URL: string } {
    return { DATABASE_URL: this.postgres.url, REDIS_URL: this.redis.url };
  }

  /** `env`: over the process's environment. */
  startCapture(env: Record<string, string> = {}): void {
    const child = spawn(process.execPath, [join(ROOT, 'apps/capture/bin/capture.js')], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, WALMQ_PORT: '0', LOG_LEVEL: 'warn', ...this.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const exit = once(child, 'exit');
    this.#stopCapture = async () => {
      child.kill('SIGTERM');
      await exit;
    };
  }

  async stopCapture(): Promise<void> {
    await this.#stopCapture();
  }

  /** A worker within the test, which does with every change of the queue what it is told. */
  work(queue: string, processor: Processor): void {
    this.#workers.push(new Worker(queue, processor, { connection: { url: this.redis.url } }));
  }

  /** A new order; resolves to its id. */
  async order(email: string): Promise<number> {
    const { rows } = await this.client.query<{ id: number }>(
      'INSERT INTO orders (customer_email, total_amount) VALUES ($1, 10) RETURNING id',
      [email],
    );
    return (rows[0] as { id: number }).id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopCapture();
    await Promise.all(this.#workers.map(worker => worker.close()));
    await this.orders.close();
    await this.client.end();
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
  }
}
