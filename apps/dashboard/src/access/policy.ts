import { readFile } from 'node:fs/promises';
import type { BlockList } from 'node:net';
import { WalmqError } from '@walmq/change';
import { z } from 'zod';
import { isLoopback, parseAddresses } from './addresses.js';
import { type BasePathRule, parseBasePath } from './base-path.js';
import { parseUsers, type Role, type User } from './users.js';

const list = z
  .string()
  .default('')
  .transform(text =>
    text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== ''),
  );

/** The environment variables that configure access. */
export const ACCESS_VARIABLES = {
  WALMQ_DASHBOARD_USERS: z.string().default(''),
  WALMQ_DASHBOARD_USERS_FILE: z.string().optional(),
  WALMQ_DASHBOARD_HOSTS: list,
  WALMQ_DASHBOARD_PROXIES: list.refine(addresses => parseAddresses(addresses) !== undefined, {
    error: 'must be addresses or ranges such as 10.0.0.0/8, separated by commas',
  }),
  WALMQ_DASHBOARD_BASE_PATH: z
    .string()
    .default('')
    .refine(path => parseBasePath(path) !== undefined, {
      error:
        'must be a path such as /ops/walmq, of letters, digits, "-", "_", "." and "~"; its first part must be none of ' +
        "the dashboard's own, such as queues or metrics",
    })
    .transform(path => parseBasePath(path) ?? ''),
  WALMQ_DASHBOARD_PROXY_USER_HEADER: z
    .string()
    .toLowerCase()
    .regex(/^[a-z][a-z0-9-]*$/, { error: 'must be the name of a header, e.g. X-Forwarded-User' })
    .optional(),
  WALMQ_DASHBOARD_PROXY_OPERATORS: list,
  WALMQ_DASHBOARD_PROXY_READERS: list,
} as const;

export type AccessVariables = z.output<z.ZodObject<typeof ACCESS_VARIABLES>>;

/** Who has access, and from where. */
export interface AccessPolicy extends BasePathRule {
  readonly users: ReadonlyMap<string, User>;
  /** The header in which a trusted proxy names the signed-in user, and the roles of these users. */
  readonly proxyUsers: { readonly header: string; readonly roleOf: (name: string) => Role } | undefined;
  /** Names by which a browser may ask for the dashboard; undefined: any name. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Without credentials, everyone who reaches the loopback address is an operator. */
  readonly open: boolean;
}

/**
 * Reads the users and builds the policy. Throws DASHBOARD_EXPOSED for an address that others can reach while
 * no sign-in is configured, DASHBOARD_USERS_INVALID, DASHBOARD_USERS_UNREADABLE, DASHBOARD_PROXY_UNKNOWN.
 */
export async function readPolicy(host: string, variables: AccessVariables): Promise<AccessPolicy> {
  const users = await readUsers(variables);
  const header = variables.WALMQ_DASHBOARD_PROXY_USER_HEADER;
  if (header !== undefined && variables.WALMQ_DASHBOARD_PROXIES.length === 0)
    throw new WalmqError(
      'DASHBOARD_PROXY_UNKNOWN',
      'WALMQ_DASHBOARD_PROXY_USER_HEADER is set, but no proxy is trusted to send it.',
      { remedy: "Set WALMQ_DASHBOARD_PROXIES to the proxy's address, e.g. 127.0.0.1." },
    );
  const open = users.size === 0 && header === undefined;
  if (open && !isLoopback(host)) throw exposed(host);
  return {
    users,
    proxyUsers: header === undefined ? undefined : { header, roleOf: proxyRoles(variables) },
    ...basePathRule(variables),
    hosts: hostsOf(host, variables.WALMQ_DASHBOARD_HOSTS),
    open,
  };
}

/** The path under which browsers reach the dashboard, and who may set it. */
export function basePathRule(variables: AccessVariables): BasePathRule {
  return {
    proxies: parseAddresses(variables.WALMQ_DASHBOARD_PROXIES) as BlockList,
    basePath: variables.WALMQ_DASHBOARD_BASE_PATH,
  };
}

function exposed(host: string): WalmqError {
  return new WalmqError(
    'DASHBOARD_EXPOSED',
    `WALMQ_HOST is ${host}, which other machines can reach, and sign-in is not required.`,
    {
      remedy:
        'Set WALMQ_DASHBOARD_USERS_FILE to a file of lines made by npx walmq dashboard user ' +
        '<name> operator, or let a proxy sign users in (WALMQ_DASHBOARD_PROXY_USER_HEADER), or stay on 127.0.0.1.',
    },
  );
}

async function readUsers(variables: AccessVariables): Promise<ReadonlyMap<string, User>> {
  const { WALMQ_DASHBOARD_USERS: text, WALMQ_DASHBOARD_USERS_FILE: path } = variables;
  // A comma cannot be part of a line, and is easier to write in a variable than a line break.
  const named = parseUsers(text.replaceAll(',', '\n'), 'WALMQ_DASHBOARD_USERS');
  if (path === undefined) return named;
  const lines = await readFile(path, 'utf8').catch(cause => {
    throw new WalmqError(
      'DASHBOARD_USERS_UNREADABLE',
      `WALMQ_DASHBOARD_USERS_FILE cannot be read: ${(cause as Error).message}.`,
      { remedy: 'Give the path of a file that the dashboard may read.', cause },
    );
  });
  const filed = parseUsers(lines, 'WALMQ_DASHBOARD_USERS_FILE');
  if (filed.size === 0)
    throw new WalmqError('DASHBOARD_USERS_INVALID', 'WALMQ_DASHBOARD_USERS_FILE names no user.', {
      remedy: 'Add a line made by npx walmq dashboard user <name> <role>.',
    });
  return new Map([...named, ...filed]);
}

/** Whoever is named in neither list may see rows, unless readers are named. */
function proxyRoles(variables: AccessVariables): (name: string) => Role {
  const operators = new Set(variables.WALMQ_DASHBOARD_PROXY_OPERATORS);
  const readers = new Set(variables.WALMQ_DASHBOARD_PROXY_READERS);
  return name => {
    if (operators.has(name)) return 'operator';
    return readers.size === 0 || readers.has(name) ? 'read-only' : 'states';
  };
}

/**
 * On a loopback address only names of this machine, or configured ones, are answered. Otherwise a page whose
 * own name was pointed at 127.0.0.1 (DNS rebinding) could read and act as this one.
 */
function hostsOf(host: string, configured: readonly string[]): ReadonlySet<string> | undefined {
  if (!isLoopback(host) && configured.length === 0) return undefined;
  const own = ['localhost', '127.0.0.1', '::1', ...(isLoopback(host) ? [host] : [])];
  return new Set([...own, ...configured].map(name => name.toLowerCase()));
}
