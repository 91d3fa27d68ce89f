import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** In the repository, where the packages that the written files import are found. */
const CACHE = join(import.meta.dirname, '../../../.cache');

/** A folder of a test's own with these files. */
export async function projectWith(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'init-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Every file and folder below a folder; a folder has no text. */
export async function contentsOf(folder: string): Promise<Record<string, string | undefined>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = entries.map(async entry => {
    const path = join(entry.parentPath, entry.name);
    const text = entry.isDirectory() ? undefined : await readFile(path, 'utf8');
    return [path.slice(folder.length + 1), text] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

/** A user at a terminal who answers one question after the other. */
export function answering(...answers: string[]) {
  const questions: string[] = [];
  return {
    questions,
    ask: async (question: string) => {
      questions.push(question);
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`nobody expected the question "${question}"`);
      return answer;
    },
  };
}
