/** A line of a process's output. */
export type LogLine =
  | { readonly kind: 'processed'; readonly text: string }
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'trouble'; readonly level: 'warn' | 'error'; readonly text: string }
  | { readonly kind: 'info'; readonly text: string }
  /** No entry of a log: a sentence for a person, or output of a handler. */
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'empty' };

const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = { warn: 'warn', error: 'error', fatal: 'error' };

/** Reads a line: JSON as @walmq/runtime writes it, or anything else. */
export function readLogLine(line: string): LogLine {
  const entry = parseObject(line);
  if (entry === undefined) return line.trim() ? { kind: 'plain', text: line.trimEnd() } : { kind: 'empty' };
  const message = String(entry.msg ?? '');
  if (entry.event === 'change:processed') return { kind: 'processed', text: message };
  if (entry.event === 'http:listening' && typeof entry.url === 'string')
    return { kind: 'listening', url: entry.url };
  const { error } = entry;
  const cause = typeof error === 'string' && !message.includes(error) ? ` (${error})` : '';
  const level = LEVELS[String(entry.level)];
  return level
    ? { kind: 'trouble', level, text: `${message}${cause}` }
    : { kind: 'info', text: `${message}${cause}` };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
