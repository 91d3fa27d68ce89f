import type { ClientBase, Pool } from 'pg';

/**
 * Adds an error listener to each connection of a pool, because the pool has none on a connection between two owners. If the
 * server ends at that moment, with its last message in the same TCP segment as the answer before, the error event would end
 * the process. The listener ignores the error: the next query of the connection rejects.
 */
export function outliveLosses(pool: Pool): void {
  if (!pool.listeners('acquire').includes(listen)) pool.on('acquire', listen);
}

function listen(client: ClientBase): void {
  if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
}

function ignore(): void {}
