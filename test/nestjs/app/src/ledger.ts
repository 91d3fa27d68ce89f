import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Walmq } from 'walmq/nestjs';

interface Client {
  query(text: string, values: unknown[]): Promise<{ rowCount: number | null }>;
}

/** What the workers of this application write: one row for each effect. */
@Injectable()
export class Ledger {
  constructor(private readonly walmq: Walmq) {}

  /** Waits while the order is held. Shows that its handler has begun. */
  async begin(id: number): Promise<void> {
    const { pool } = this.walmq.workers ?? {};
    await pool?.query('INSERT INTO begun (id, pid) VALUES ($1, $2)', [id, process.pid]);
    while ((await pool?.query('SELECT FROM held WHERE id = $1', [id]))?.rowCount) await setTimeout(20);
  }

  async write(tx: Client, by: string, id: number, step: number | null): Promise<{ by: string }> {
    const text = 'INSERT INTO made (by, id, step, pid) VALUES ($1, $2, $3, $4)';
    await tx.query(text, [by, id, step, process.pid]);
    return { by };
  }
}
