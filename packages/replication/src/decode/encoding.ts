import type { ClientBase } from 'pg';

/**
 * Reads the database's encoding, as PostgreSQL names it. Names and values of rows arrive in the client's encoding, UTF-8.
 * The content of a logical message arrives as unconverted bytes.
 * https://www.postgresql.org/docs/current/multibyte.html
 */
export async function readEncoding(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  return (rows[0] as { encoding: string }).encoding;
}

/** PostgreSQL's name for no encoding: the server neither checks nor converts text. */
export const SQL_ASCII = 'SQL_ASCII';

/** Converts a text's bytes to UTF-8. Bytes that are invalid in the database's encoding stay unchanged. */
export type ToUtf8 = (bytes: Buffer) => Promise<Buffer>;

/**
 * Converts on the server, because only the server knows every character of its encodings. Returns undefined if the bytes
 * are UTF-8 already (UTF8), or if their encoding is unknown (SQL_ASCII).
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
      // Class 22, data exception: the sender sent bytes that are not text in this encoding.
      if (String((error as { code?: unknown }).code).startsWith('22')) return bytes;
      throw error;
    }
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns undefined for bytes that are not UTF-8: a replacement character would be invented data. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
