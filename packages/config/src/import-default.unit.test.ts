import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { importDefault } from './import-default.js';

async function fileWith(text: string): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'walmq.config.ts');
  await writeFile(file, text);
  return { folder, file };
}

it('says in one line which module is missing, and where to install it', async () => {
  const { folder, file } = await fileWith("import { a } from 'not-installed';\nexport default a;\n");
  await expect(importDefault(file)).rejects.toMatchObject({
    sentence: `CONFIG_UNREADABLE: ${file} could not be loaded: Cannot find module 'not-installed'. Install it in ${folder}, or correct the import.`,
  });
});

it('says what a file that fails has thrown', async () => {
  const { file } = await fileWith("throw new Error('no queues today');\n");
  await expect(importDefault(file)).rejects.toMatchObject({
    sentence: `CONFIG_UNREADABLE: ${file} could not be loaded: no queues today (${file}:1)`,
  });
});

it('says where a file cannot be read as TypeScript', async () => {
  const { file } = await fileWith('export default {{;\n');
  await expect(importDefault(file)).rejects.toMatchObject({
    message: expect.stringContaining(`${file}:1:16`),
  });
});
