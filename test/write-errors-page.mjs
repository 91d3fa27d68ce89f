import { writeFile } from 'node:fs/promises';
import { printPage } from '@walmq/change/errors';

await writeFile(new URL('../docs/reference/errors.md', import.meta.url), printPage());
