import type { ClientBase } from 'pg';

/**
 * The database's own encoding, by PostgreSQL's name. Names and values of rows come in the client's encoding, UTF-8;
 * a logical message's content comes as the bytes that it is.
 * https://www.postgresql.org/docs/current/multibyte.html
 */
export async function readEncoding(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  return (rows[0] as { encoding: string }).encoding;
}

/** No encoding at all: the server neither checks nor converts what it is given. */
export const SQL_ASCII = 'SQL_ASCII';

/** Converts a text's bytes to UTF-8. Bytes that are invalid in the database's encoding stay unchanged. */
export type ToUtf8 = (bytes: Buffer) => Promise<Buffer>;

/**
 * By the server, which alone knows all its encodings to the last character. Undefined where the bytes are UTF-8 already,
 * or nobody knows what they are.
 */
export function utf8Converter(client: ClientBase, encoding: string): ToUtf8 | undefined {
  if (encoding === 'UTF8' || encoding === SQL_ASCII) return undefined;
  return async bytes => {
    try {
      const { rows } = await client.query<{ utf8: Buffer }>(`SELECT convert($1::bytea, $2, 'UTF8') AS utf8`, [
        bytes,
        encoding,
      ]);
      return (rows[0] as { utf8: Buffer }).utf8;
    } catch (error) {
      // A data exception: whoever sent it sent bytes, and no text.
      if (String((error as { code?: unknown }).code).startsWith('22')) return bytes;
      throw error;
    }
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for bytes that are not UTF-8: a character in place of them would be an invented one. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
