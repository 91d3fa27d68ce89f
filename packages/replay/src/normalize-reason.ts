const MAX_LENGTH = 300;

/** The reason without what differs from one row to the next: quoted values, ids, numbers. One line. */
export function normalizeReason(reason: string): string {
  const [line = ''] = reason.trim().split('\n');
  return line
    .slice(0, MAX_LENGTH)
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>')
    .replaceAll(/"[^"]*"|'[^']*'/g, '<value>')
    .replaceAll(/(?<![\w.])-?\d+(\.\d+)?(?![\w.]*\w)/g, '<n>');
}
