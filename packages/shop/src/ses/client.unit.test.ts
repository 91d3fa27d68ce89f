import { expect, it } from 'vitest';
import { loadSes } from './client.js';

// The client is no part of the repository's installation.
it('names the command that installs the client', async () => {
  await expect(loadSes()).rejects.toMatchObject({
    code: 'SES_NOT_INSTALLED',
    remedy: expect.stringContaining('npm install @aws-sdk/client-sesv2'),
  });
});
