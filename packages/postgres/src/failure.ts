import { type ErrorCode, messageOf, type Pooler, poolerOf, WalmqError, withoutStop } from '@walmq/change';

/** Explanation of a failed connection attempt. */
export interface ConnectionFailure {
  /** Error code: see docs/reference/errors.md. */
  readonly code: ErrorCode;
  /** The fault, as a sentence. */
  readonly sentence: string;
  /** The remedy, as a sentence. */
  readonly remedy: string;
  /** True if a retry cannot help until a person changes something. */
  readonly lasting: boolean;
}

interface ServerError {
  readonly code?: unknown;
  readonly message: string;
  readonly hostname?: unknown;
}

type Describe = (told: ServerError) => ConnectionFailure;

const lasting = (code: ErrorCode, sentence: string, remedy: string): ConnectionFailure => ({
  code,
  sentence,
  remedy,
  lasting: true,
});
const passing = (code: ErrorCode, sentence: string, remedy: string): ConnectionFailure => ({
  code,
  sentence,
  remedy,
  lasting: false,
});

const unknownAuthority: Describe = ({ message, code }) =>
  lasting(
    'DATABASE_CERTIFICATE_REFUSED',
    `the certificate of PostgreSQL is of an authority that this process does not know (${String(code)}: ${message}).`,
    'Name the file with the certificate of that authority: ?sslmode=verify-full&sslrootcert=/path/ca.pem in DATABASE_URL, or NODE_EXTRA_CA_CERTS=/path/ca.pem for every connection of the process. sslmode=require and prefer verify it too, other than in libpq (docs/guides/tls.md).',
  );

/** Explanations by code of Node.js or OpenSSL, or by SQLSTATE. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const BY_CODE: ReadonlyMap<unknown, Describe> = new Map<unknown, Describe>([
  ...[
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_UNTRUSTED',
    'CERT_SIGNATURE_FAILURE',
    'INVALID_CA',
  ].map(code => [code, unknownAuthority] as const),
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ({ message }) =>
      lasting(
        'DATABASE_CERTIFICATE_REFUSED',
        `the certificate of PostgreSQL is of another name than DATABASE_URL has: ${withoutStop(message)}.`,
        'Use a host name that is in the certificate, or have one made with this name. sslmode=verify-ca verifies the name too, other than in libpq; to verify the authority alone: ?sslmode=verify-ca&uselibpqcompat=true&sslrootcert=/path/ca.pem (docs/guides/tls.md).',
      ),
  ],
  ...(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'] as const).map(
    code =>
      [
        code,
        () =>
          lasting(
            'DATABASE_CERTIFICATE_REFUSED',
            `the certificate of PostgreSQL ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'}.`,
            'Renew it on the server (SELECT pg_reload_conf(); takes it up), and check the clocks of both machines.',
          ),
      ] as const,
  ),
  [
    '3D000',
    ({ message }) =>
      lasting(
        'DATABASE_MISSING',
        `PostgreSQL says: ${message}.`,
        'Correct the name of the database in DATABASE_URL, or create the database.',
      ),
  ],
  [
    '28P01',
    ({ message }) =>
      lasting(
        'DATABASE_DENIED',
        `PostgreSQL says: ${message}.`,
        'Correct user and password in DATABASE_URL, for every process that has it.',
      ),
  ],
  ['28000', notLetIn],
  [
    '53300',
    ({ message }) =>
      passing(
        'DATABASE_UNREACHABLE',
        `PostgreSQL says: ${message}.`,
        'End connections that nobody needs (a superuser still gets in, and pg_stat_activity names them), or raise max_connections and restart PostgreSQL; capture and workers try again by themselves.',
      ),
  ],
  [
    '57P03',
    ({ message }) =>
      passing(
        'DATABASE_UNREACHABLE',
        `PostgreSQL says: ${message}.`,
        'It is starting up, shutting down or recovering: see its log if that takes long.',
      ),
  ],
  ['42501', denied],
  [
    'ENOTFOUND',
    ({ hostname }) =>
      passing(
        'DATABASE_UNREACHABLE',
        `the host name ${hostname ? `"${String(hostname)}" ` : ''}of DATABASE_URL is not known (ENOTFOUND).`,
        'Correct the host in DATABASE_URL; if it is a part of user or password, percent-encode these (@ is %40, / is %2F, # is %23).',
      ),
  ],
]);

/** Explanations of errors without a code, or with one of many of OpenSSL's, by message. */
const BY_MESSAGE: readonly (readonly [RegExp, Describe])[] = [
  [
    /key values mismatch|no start line|bad decrypt|interrupted or cancelled|unsupported.*(?:key|pem)|wrong tag|asn1/i,
    ({ message }) =>
      lasting(
        'DATABASE_CERTIFICATE_REFUSED',
        `the client certificate of DATABASE_URL cannot be used: ${withoutStop(message)}.`,
        'sslcert and sslkey must be PEM files of one pair, and the key must have no passphrase (docs/guides/tls.md).',
      ),
  ],
  [
    /tlsv1 alert unknown ca|sslv3 alert|tlsv1[23]? alert/i,
    ({ message }) =>
      lasting(
        'DATABASE_CERTIFICATE_REFUSED',
        `PostgreSQL refuses the client certificate of DATABASE_URL: ${withoutStop(message)}.`,
        'Use a certificate of the authority that ssl_ca_file of the server names (docs/guides/tls.md).',
      ),
  ],
  [
    /does not support SSL connections/,
    () =>
      lasting(
        'DATABASE_TLS_MISSING',
        'DATABASE_URL asks for TLS, and PostgreSQL does not offer it.',
        'Set ssl = on with a certificate on the server, or write ?sslmode=disable where the network is your own (docs/guides/tls.md).',
      ),
  ],
  [
    /^Tenant or user not found/i,
    ({ message }) =>
      lasting(
        'DATABASE_DENIED',
        `the pooler of Supabase says: ${withoutStop(message)}.`,
        'Through Supavisor the user is "role.project-ref", e.g. postgres.abcdefghijkl, and the host is that of the region of the project (docs/guides/postgres/supabase.md).',
      ),
  ],
  [
    /password must be a( non-empty)? string/,
    () =>
      lasting(
        'DATABASE_DENIED',
        'PostgreSQL asks for a password, and DATABASE_URL has none.',
        'Write it as postgres://user:password@host:5432/database, percent-encoded.',
      ),
  ],
];

/** Codes of refusals that are the same at every attempt. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'DATABASE_URL_INVALID',
  'DATABASE_DENIED',
  'DATABASE_MISSING',
  'DATABASE_CERTIFICATE_REFUSED',
  'DATABASE_TLS_MISSING',
  'REPLICATION_DENIED',
  'POOLER_WITHOUT_TRANSACTIONS',
]);

/** Explains a failed connection attempt by the code of its error, or by the message if pg gives no code. */
export function connectionFailure(cause: unknown): ConnectionFailure {
  const told = (cause instanceof Error ? cause : new Error(String(cause))) as ServerError;
  if (cause instanceof WalmqError)
    return {
      code: cause.code,
      sentence: cause.message,
      remedy: cause.remedy ?? '',
      lasting: LASTING.has(cause.code),
    };
  const pooler = poolerOf(cause);
  if (pooler) return pooled(pooler, told);
  const describe =
    BY_CODE.get(told.code) ?? BY_MESSAGE.find(([pattern]) => pattern.test(told.message))?.[1] ?? unreachable;
  return describe(told);
}

/** Returns the explanation of a failed connection attempt as an error, with its cause. */
export function connectionError(cause: unknown): WalmqError {
  if (cause instanceof WalmqError) return cause;
  const { code, sentence, remedy } = connectionFailure(cause);
  return new WalmqError(code, sentence, { remedy, cause });
}

/** SQLSTATE 28000: pg_hba.conf has no line for this connection, or the role may not log in. */
function notLetIn({ message }: ServerError): ConnectionFailure {
  if (/client certificate/i.test(message))
    return lasting(
      'DATABASE_DENIED',
      `PostgreSQL says: ${withoutStop(message)}.`,
      'Name a certificate of this role, of an authority that the server knows, and its key: &sslcert=/path/client.pem&sslkey=/path/client.key in DATABASE_URL (docs/guides/tls.md).',
    );
  if (/no encryption|SSL off/i.test(message))
    return lasting(
      'DATABASE_DENIED',
      `PostgreSQL says: ${message}.`,
      'If it takes encrypted connections only, add ?sslmode=verify-full to DATABASE_URL (docs/guides/tls.md); else add a line for this role and address to pg_hba.conf.',
    );
  return lasting(
    'DATABASE_DENIED',
    `PostgreSQL says: ${message}.`,
    'Correct the role in DATABASE_URL, or let it in: ALTER ROLE ... LOGIN, pg_hba.conf.',
  );
}

function denied({ message }: ServerError): ConnectionFailure {
  return lasting(
    'PRIVILEGE_MISSING',
    `PostgreSQL says: ${message}.`,
    'Grant the role of DATABASE_URL what "npx walmq doctor" names.',
  );
}

const POOLER_REMEDY =
  'Let DATABASE_URL name PostgreSQL itself for capture and the command line; workers may go through the pooler by WORKER_DATABASE_URL (docs/guides/postgres/poolers.md).';

/** Explains the answer of a pooler, which accepts neither session settings nor replication. */
function pooled({ name }: Pooler, { message }: ServerError): ConnectionFailure {
  return lasting(
    'REPLICATION_DENIED',
    `the server behind DATABASE_URL is a connection pooler (${name}): ${withoutStop(message)}.`,
    POOLER_REMEDY,
  );
}

/** Returns true for a pooler's answer to a startup parameter that it rejects. */
export function isRefusedOption(cause: unknown): boolean {
  return poolerOf(cause)?.refuses === 'options';
}

function unreachable(told: ServerError): ConnectionFailure {
  return passing(
    'DATABASE_UNREACHABLE',
    `PostgreSQL cannot be reached: ${withoutStop(messageOf(told))}.`,
    'Check DATABASE_URL and that the server runs; capture and workers go on by themselves when it is back.',
  );
}
