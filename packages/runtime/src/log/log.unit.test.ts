import { expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from './log.js';

const HOSTILE = 'forged\n12:00:00 error all is lost\u001b[2J\u009b31m\u2028\u202e';

it.each(['json', 'pretty'] as const)(
  '%s: a message is one line, with nothing that a terminal obeys',
  logFormat => {
    const written: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
      written.push(String(text));
      return true;
    });
    onTestFinished(() => write.mockRestore());
    const log = createLog('test', { logLevel: 'info', logFormat }, () => undefined);
    log.warn({ error: HOSTILE }, HOSTILE);
    log.info(HOSTILE);
    expect(written).toHaveLength(2);
    for (const line of written) expect(line).toMatch(/^[\x20-\x7e]+\n$/);
    if (logFormat === 'json')
      expect(JSON.parse(written[0] as string)).toMatchObject({ error: HOSTILE, msg: HOSTILE });
  },
);
