import type { ClientBase, Pool } from 'pg';

/**
 * A connection of a pool has no listener for errors between two owners. A server that ends just then, with its last
 * message in the same segment as the answer before it, would end the process (an error event without a listener).
 * The next query of that connection rejects; this handler reports nothing.
 */
export function outliveLosses(pool: Pool): void {
  if (!pool.listeners('acquire').includes(listen)) pool.on('acquire', listen);
}

function listen(client: ClientBase): void {
  if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
}

function ignore(): void {}
