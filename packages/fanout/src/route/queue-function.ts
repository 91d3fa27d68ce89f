/** What a queue's own function (`where`, `transform`) returned instead of what it must return. */
export class WrongResult extends TypeError {
  constructor(result: unknown, wanted: string) {
    super(`it returned ${kindOf(result)}, and must return ${wanted}`);
    // A rejected promise that nobody awaits would end the process.
    if (isThenable(result)) void Promise.resolve(result).catch(() => undefined);
  }
}

/** The message without the stack, which does not help readers of a queue. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For functions that see columns which the queue hides: the message may quote their values. */
export function hiddenMessageOf(error: unknown): string {
  if (error instanceof WrongResult) return error.message;
  return error instanceof Error ? `a ${error.name} (its message may hold hidden values)` : kindOf(error);
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isThenable(value)) return 'a promise';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object that is none' : `a ${typeof value}`;
}
