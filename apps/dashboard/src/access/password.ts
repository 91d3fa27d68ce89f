import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about a tenth of a second per try; OWASP's second choice of parameters. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const PATTERN = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,128})\$([\w-]{43})$/;

export interface PasswordHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Compared if the user does not exist, so that a wrong name takes as long as a wrong password. */
export function nobodysHash(): PasswordHash {
  return { cost: COST, salt: randomBytes(16), key: randomBytes(KEY_BYTES) };
}

/** `scrypt$N$r$p$salt$key`, salt and key in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, { cost: COST, salt });
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Undefined for a text that `hashPassword` does not produce. */
export function parseHash(text: string): PasswordHash | undefined {
  const [, N, r, p, salt, key] = PATTERN.exec(text) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (salt === undefined || key === undefined || !isAffordable(cost)) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}

/** Takes the same time for a correct and a wrong password. */
export async function verifyPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.key);
}

function isAffordable({ N, r, p }: PasswordHash['cost']): boolean {
  return N >= 2 ** 14 && Number.isInteger(Math.log2(N)) && r >= 1 && p >= 1 && 128 * N * r < MAX_MEMORY_BYTES;
}

function derive(password: string, { cost, salt }: Omit<PasswordHash, 'key'>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Two ways to type one letter are the same password.
    scrypt(
      password.normalize('NFKC'),
      salt,
      KEY_BYTES,
      { ...cost, maxmem: MAX_MEMORY_BYTES },
      (error, key) => (error ? reject(error) : resolve(key)),
    );
  });
}
