/** What a line of an app's log says to whoever watches the demo. */
export type AppLine =
  | { readonly kind: 'processed'; readonly text: string }
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'trouble'; readonly text: string }
  | { readonly kind: 'other' };

const WARN = 40;
const WARN_LABELS = ['warn', 'error', 'fatal'];

/** Reads a line of an app's log: JSON as pino writes it; anything else is a sentence for a person. */
export function readAppLine(line: string): AppLine {
  const entry = parseObject(line);
  if (entry === undefined) return line.trim() ? { kind: 'trouble', text: line.trim() } : { kind: 'other' };
  const message = String(entry.msg ?? '');
  if (entry.event === 'change:processed') return { kind: 'processed', text: message };
  if (entry.event === 'http:listening' && typeof entry.url === 'string')
    return { kind: 'listening', url: entry.url };
  if (isTrouble(entry.level)) return { kind: 'trouble', text: withCause(message, entry.err) };
  return { kind: 'other' };
}

function isTrouble(level: unknown): boolean {
  return typeof level === 'number' ? level >= WARN : WARN_LABELS.includes(String(level));
}

function withCause(message: string, error: unknown): string {
  const cause =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
  if (!cause || message.includes(cause)) return message;
  return message ? `${message}: ${cause}` : cause;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
