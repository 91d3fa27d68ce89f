/** What the demo prints for a line of an app's log. */
export type AppLine =
  | { readonly kind: 'processed'; readonly text: string }
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'trouble'; readonly text: string }
  | { readonly kind: 'other' };

const TROUBLE = ['warn', 'error', 'fatal'];

/**
 * Reads a line of an app's log: JSON as @walmq/runtime writes it. Any other line is a sentence for a person.
 */
export function readAppLine(line: string): AppLine {
  const entry = parseObject(line);
  if (entry === undefined) return line.trim() ? { kind: 'trouble', text: line.trim() } : { kind: 'other' };
  const message = String(entry.msg ?? '');
  if (entry.event === 'change:processed') return { kind: 'processed', text: message };
  if (entry.event === 'http:listening' && typeof entry.url === 'string')
    return { kind: 'listening', url: entry.url };
  if (!TROUBLE.includes(String(entry.level))) return { kind: 'other' };
  const { error } = entry;
  const cause = typeof error === 'string' && !message.includes(error) ? ` (${error})` : '';
  return { kind: 'trouble', text: `${message}${cause}` };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
