import { on, once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HostPort, RedisAddress } from './address/address.js';
import { tlsOptions } from './address/tls-options.js';
import { SPEAKS_NO_TLS, SPEAKS_TLS } from './refusal.js';
import { findPrimary } from './sentinel/find-primary.js';

const HEARING_MS = 1000;

/** Errors that may hide the reason that the server sent: a client that writes at the same time loses the reason. */
const MUTE = /^(ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$|Connection is closed|read ECONNRESET|write EPIPE/;

/**
 * Finds the real error of a failed connection. A server in protected mode, or at its limit of connections, sends the reason
 * and closes the connection at once. If the client has written before it reads the reason, it gets a reset instead
 * (https://github.com/redis/ioredis/issues/1099). So this function connects again and only reads. Then it tests whether the
 * server expects TLS, or none, unlike the URL. Resolves to `cause` if it finds no other error.
 */
export async function hearServer(address: RedisAddress, cause: Error & { code?: string }): Promise<Error> {
  if (!MUTE.test(cause.code ?? '') && !MUTE.test(cause.message)) return cause;
  const target = await targetOf(address);
  if (!target) return cause;
  const { line, error } = await hear(
    address.tls
      ? connectTls({ ...target, ...tlsOptions(address.tls), rejectUnauthorized: false })
      : connectTcp(target),
  );
  if (line?.startsWith('-')) return new Error(line.slice(1).trim(), { cause });
  // With TLS 1.3, a server that refuses the certificate of the client says so after the handshake.
  if (error?.code?.startsWith('ERR_SSL_')) return error;
  if (address.tls)
    return (await answersPlainly(connectTcp(target))) ? new Error(SPEAKS_NO_TLS, { cause }) : cause;
  const tls = connectTls({ ...target, rejectUnauthorized: false });
  return (await opens(tls)) ? new Error(SPEAKS_TLS, { cause }) : cause;
}

/** Where the failed connection led to; undefined if the sentinels do not say. */
async function targetOf(address: RedisAddress): Promise<HostPort | { readonly path: string } | undefined> {
  switch (address.kind) {
    case 'server':
      return address.at;
    case 'socket':
      return { path: address.path };
    case 'cluster':
      return address.nodes[0];
    case 'sentinel':
      return (await findPrimary(address).catch(() => undefined))?.primary;
  }
}

interface Heard {
  readonly line?: string;
  readonly error?: Error & { readonly code?: string };
}

/** Reads the first line from the server without sending anything. Nothing: none came within a second. */
async function hear(socket: Socket): Promise<Heard> {
  const chunks = on(socket, 'data', { signal: AbortSignal.timeout(HEARING_MS), close: ['end', 'close'] });
  let text = '';
  try {
    for await (const [chunk] of chunks) {
      text += String(chunk);
      if (text.includes('\n')) return { line: text.split('\n')[0] as string };
    }
    return {};
  } catch (error) {
    return { error: error as Error };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

async function answersPlainly(socket: Socket): Promise<boolean> {
  socket.write('PING\r\n');
  return /^[+-]/.test((await hear(socket)).line ?? '');
}

async function opens(socket: Socket): Promise<boolean> {
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HEARING_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}
