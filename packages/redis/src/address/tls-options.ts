import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { WalmqError } from '@walmq/change';
import type { TlsFiles } from './address.js';

/** Options of TLS with the content of the files. Throws REDIS_URL_INVALID if a file cannot be read. */
export function tlsOptions({ ca, cert, key, servername }: TlsFiles): ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca: read('tlsCa', ca) }),
    ...(cert === undefined ? {} : { cert: read('tlsCert', cert) }),
    ...(key === undefined ? {} : { key: read('tlsKey', key) }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function read(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^(\w+): (.*?),.*/, '$2');
    throw new WalmqError('REDIS_URL_INVALID', `the file ${path} of ${parameter} cannot be read: ${reason}.`, {
      remedy: `Correct the path of ${parameter} in the URL of Redis, or the permissions of the file.`,
      cause,
    });
  }
}
