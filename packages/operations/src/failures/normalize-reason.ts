const MAX_LENGTH = 300;

/**
 * Patterns in the order in which they apply: first what stays as it is, then what is replaced. Kept: codes
 * that distinguish failures (SQLSTATE, HTTP status, a mail server's code), names of database objects, network
 * addresses.
 */
const PARTS = new RegExp(
  [
    '(?<kept>^[0-9A-Z]{5}(?=: )',
    String.raw`\b(?:HTTP|SQLSTATE|status|code)\b(?: code)?[ :=]*[0-9A-Z]{3,5}\b`,
    String.raw`\b(?:constraint|column|relation|table|index|function|type|schema|queue) "[^"]*"`,
    String.raw`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b\d\.\d{1,3}\.\d{1,3}\b)`,
    String.raw`(?<uuid>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)`,
    String.raw`(?<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?\b)`,
    String.raw`(?<value>"[^"]*"|(?<!\w)'[^']*'(?!\w)|(?<!\w)\x60[^\x60]*\x60)`,
    String.raw`(?<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)`,
    String.raw`(?<n>(?<![\w.])-?\d+(?:[.,]\d+)*(?=(?:ms|s|min|h|[kKMG]?i?B)?(?!\w)))`,
  ].join('|'),
  'gi',
);

/** The reason on one line, without the parts that differ between rows: many failures have one reason. */
export function normalizeReason(reason: string): string {
  const [line = ''] = reason.trim().split('\n');
  return line.slice(0, MAX_LENGTH).replaceAll(PARTS, (match, ...rest) => {
    const { kept, ...replaced } = rest.at(-1) as Record<string, string | undefined>;
    if (kept !== undefined) return match;
    return `<${Object.keys(replaced).find(name => replaced[name] !== undefined)}>`;
  });
}
