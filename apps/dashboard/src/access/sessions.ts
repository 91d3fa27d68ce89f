import { createHash, randomBytes } from 'node:crypto';
import type { User } from './users.js';

/** A working day; after that the user signs in again. */
export const SESSION_MS = 12 * 60 * 60 * 1000;
const MAX_SESSIONS = 10_000;

interface Session {
  readonly user: User;
  readonly endsAt: number;
}

/**
 * The signed-in users, by an opaque id that only the browser knows. Kept as a hash in memory; a restart ends
 * them.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The id of a new session. */
  open(user: User): string {
    this.#makeRoom();
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(id), { user, endsAt: this.#now() + SESSION_MS });
    return id;
  }

  userOf(id: string): User | undefined {
    const session = this.#sessions.get(keyOf(id));
    return session !== undefined && session.endsAt > this.#now() ? session.user : undefined;
  }

  close(id: string): void {
    this.#sessions.delete(keyOf(id));
  }

  /** Removes ended sessions first, then the oldest: the memory is bounded, however many users sign in. */
  #makeRoom(): void {
    for (const [key, { endsAt }] of this.#sessions)
      if (endsAt <= this.#now() || this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(key);
      else break;
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
