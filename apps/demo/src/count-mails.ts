/** Mails by subject, without numbers: `2 × Order … confirmed`. */
export function countBySubject(subjects: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const subject of subjects) {
    const kind = subject.replaceAll(/\d+/g, '…');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts.size > 0 ? [...counts].map(([kind, count]) => `${count} × ${kind}`) : ['none'];
}
