import { on, once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SPEAKS_NO_TLS, SPEAKS_TLS } from './refusal.js';

const HEARING_MS = 1000;

/** How a connection ends whose server has said why, unheard: a client that writes meanwhile loses the words. */
const MUTE = /^(ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$|Connection is closed|read ECONNRESET|write EPIPE/;

/**
 * The error that a failed connection should have had. A server in protected mode, or without a connection left, says so at
 * once and closes, and what a client has written meanwhile turns the words into a mere reset
 * (https://github.com/redis/ioredis/issues/1099). So the server is asked again by a client that only listens.
 * Resolves to `cause` when there is nothing more to hear.
 */
export async function hearServer(url: string, cause: Error & { code?: string }): Promise<Error> {
  if (!MUTE.test(cause.code ?? '') && !MUTE.test(cause.message)) return cause;
  const { hostname, port, protocol } = new URL(url);
  const target = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 6379) };
  if (protocol.startsWith('rediss'))
    return (await answersPlainly(connectTcp(target))) ? new Error(SPEAKS_NO_TLS, { cause }) : cause;
  const words = await firstLineOf(connectTcp(target));
  if (words?.startsWith('-')) return new Error(words.slice(1).trim(), { cause });
  const tls = connectTls({ ...target, rejectUnauthorized: false });
  return (await opens(tls)) ? new Error(SPEAKS_TLS, { cause }) : cause;
}

/** The first line that a server sends to a client that says nothing; undefined when none comes in time. */
async function firstLineOf(socket: Socket): Promise<string | undefined> {
  const chunks = on(socket, 'data', { signal: AbortSignal.timeout(HEARING_MS), close: ['end', 'close'] });
  let text = '';
  try {
    for await (const [chunk] of chunks) {
      text += String(chunk);
      if (text.includes('\n')) return text.split('\n')[0];
    }
  } catch {
    // It said nothing, or the connection broke.
  } finally {
    socket.on('error', () => undefined).destroy();
  }
  return undefined;
}

async function answersPlainly(socket: Socket): Promise<boolean> {
  socket.write('PING\r\n');
  return /^[+-]/.test((await firstLineOf(socket)) ?? '');
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
