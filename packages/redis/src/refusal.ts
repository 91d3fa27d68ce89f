import { type ErrorCode, WalmqError, withoutStop } from '@walmq/change';
import { isDenied, isUnknownCommand } from './wrong-server.js';

/** Error of a failed connection. `passes`: true if a retry may succeed. */
export interface Refusal {
  readonly error: WalmqError;
  readonly passes: boolean;
}

interface Kind {
  readonly code: ErrorCode;
  readonly passes: boolean;
  readonly when: (cause: Error & { code?: string; syscall?: string }) => boolean;
  /** Returns the fault as a sentence without a full stop. `said` is the message of the cause. */
  readonly what: (said: string) => string;
  readonly remedy: string;
}

/** OpenSSL's codes for a certificate of an unknown authority. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNKNOWN_AUTHORITY =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/;

/** Alerts of a server that wants a client certificate, or another one. The first comes with TLS 1.2. */
const CLIENT_CERTIFICATE =
  /^ERR_SSL_(SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/;

const KINDS: readonly Kind[] = [
  {
    code: 'REDIS_DENIED',
    passes: false,
    when: ({ message }) => message.startsWith('NOAUTH'),
    what: () => 'Redis wants a password, and REDIS_URL has none',
    remedy: 'Put user and password into REDIS_URL: redis://user:password@host:6379.',
  },
  {
    code: 'REDIS_DENIED',
    passes: false,
    when: ({ message }) => message.startsWith('WRONGPASS'),
    what: () => 'Redis does not know this user and password',
    remedy: 'Correct user and password in REDIS_URL, for every process that has it.',
  },
  {
    code: 'REDIS_DENIED',
    passes: false,
    when: ({ message }) => message.startsWith('DENIED'),
    what: () =>
      'Redis runs in protected mode: without a password it accepts connections from its own machine only',
    remedy: 'Set a password in Redis (requirepass, or an ACL user) and put it into REDIS_URL.',
  },
  {
    code: 'REDIS_DENIED',
    passes: false,
    when: isDenied,
    what: said => `Redis refuses a command: ${said}`,
    remedy: 'Give the user of REDIS_URL what docs/guides/operations.md#a-redis-user-of-its-own lists.',
  },
  {
    code: 'REDIS_DENIED',
    passes: false,
    when: isUnknownCommand,
    what: said => `Redis lacks a command that walmq needs: ${said}`,
    remedy: 'Remove "rename-command" from redis.conf, or use a server or a plan with this command.',
  },
  {
    code: 'REDIS_DATABASE_UNKNOWN',
    passes: false,
    when: ({ message }) => /DB index is out of range|invalid DB index|SELECT is not allowed/i.test(message),
    what: said => `Redis has no database of the number in REDIS_URL: ${said}`,
    remedy:
      'Correct the number at the end of REDIS_URL, or raise "databases" in redis.conf (a cluster has only number 0).',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ code = '' }) => UNKNOWN_AUTHORITY.test(code),
    what: said =>
      `the TLS certificate of Redis comes from an authority that this machine does not know: ${said}`,
    remedy:
      'Name the file with the certificate of that authority (PEM) in REDIS_URL, as ?tlsCa=<file>, or start the process with NODE_EXTRA_CA_CERTS=<file>.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ code = '' }) => code === 'ERR_TLS_CERT_ALTNAME_INVALID',
    what: said => `the TLS certificate of Redis is for another host: ${said}`,
    remedy:
      'Use a host name in REDIS_URL that the certificate names, or name it there as &tlsServername=<name>.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ code = '' }) => /^CERT_/.test(code),
    what: said => `the TLS certificate of Redis is not valid: ${said}`,
    remedy: 'Renew the certificate of the server; check the clock of this machine.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ code = '' }) => CLIENT_CERTIFICATE.test(code),
    what: said => `Redis refuses the TLS certificate of this client: ${said}`,
    remedy:
      'Name a certificate that Redis accepts (tls-ca-cert-file) in REDIS_URL: &tlsCert=<file>&tlsKey=<file>.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ code = '' }) => code.startsWith('ERR_OSSL_') || code.startsWith('ERR_SSL_'),
    what: said => `TLS to Redis fails: ${said}`,
    remedy: 'Check the files in tlsCa, tlsCert and tlsKey of REDIS_URL, and the TLS versions of the server.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ message }) => message === SPEAKS_TLS,
    what: () => 'Redis speaks TLS at this port',
    remedy: 'Write rediss:// in place of redis:// in REDIS_URL.',
  },
  {
    code: 'REDIS_TLS_REFUSED',
    passes: false,
    when: ({ message }) => message === SPEAKS_NO_TLS,
    what: () => 'Redis does not speak TLS at this port',
    remedy: 'Write redis:// in place of rediss:// in REDIS_URL, or use the port for TLS.',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ message }) => /max number of clients reached/i.test(message),
    what: () => 'Redis has no connection left: maxclients is reached',
    remedy: 'End connections that nobody needs (CLIENT LIST names them), or raise maxclients.',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ message }) => message.startsWith('LOADING'),
    what: () => 'Redis is reading its data from disk',
    remedy: 'Wait; see its log if that takes long.',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ message }) => /^(READONLY|MASTERDOWN)\b/.test(message),
    what: said => `Redis is a replica, which takes no writes: ${said}`,
    remedy: 'Wait for the end of a failover; else let REDIS_URL lead to the primary.',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ message }) => message.startsWith('CLUSTERDOWN'),
    what: said => `the Redis Cluster is down: ${said}`,
    remedy: 'Start the nodes that are missing: CLUSTER NODES names them.',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ code = '', syscall }) => /^(ENOENT|EACCES)$/.test(code) && syscall === 'connect',
    what: said => `the Unix socket of Redis cannot be opened: ${said}`,
    remedy:
      'Check the path in REDIS_URL, "unixsocket" in redis.conf, that the server runs, and that this account may open it (unixsocketperm).',
  },
  {
    code: 'REDIS_UNREACHABLE',
    passes: true,
    when: ({ name }) => name === 'ReplyError',
    what: said => `Redis refuses: ${said}`,
    remedy: 'Read the reason, and the log of the server.',
  },
];

/** Message for a server that requires TLS although the URL is redis://. */
export const SPEAKS_TLS = 'the server speaks TLS';
/** Message for a server without TLS although the URL is rediss://. */
export const SPEAKS_NO_TLS = 'the server speaks no TLS';

/** Converts an error of the server, of TLS or of the system to the WalmqError of a failed connection. */
export function refusalOf(cause: Error & { code?: string }): Refusal {
  if (cause instanceof WalmqError) return { error: cause, passes: cause.code === 'REDIS_UNREACHABLE' };
  const said = withoutStop(cause.message);
  const kind = KINDS.find(({ when }) => when(cause));
  if (!kind)
    return {
      passes: true,
      error: new WalmqError('REDIS_UNREACHABLE', `Redis cannot be reached: ${said}.`, {
        remedy: 'Check REDIS_URL and that the server runs.',
        cause,
      }),
    };
  const { code, what, remedy, passes } = kind;
  return { passes, error: new WalmqError(code, `${what(said)}.`, { remedy, cause }) };
}
