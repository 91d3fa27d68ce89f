import { describe, expect, it } from 'vitest';
import { redact } from './redact.js';

describe('redact', () => {
  it.each([
    ['postgres://user:p%40ss@host:5432/db', 'postgres://user:***@host:5432/db'],
    ['redis://:secret@host', 'redis://:***@host'],
    ['connect to rediss://default:a:b@h failed', 'connect to rediss://default:***@h failed'],
    ['postgres://host/db?user=a&password=secret&x=1', 'postgres://host/db?user=a&password=***&x=1'],
    ['redis://default:a@b:c@host:6379', 'redis://default:***@host:6379'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
    ['http://127.0.0.1:9100/ready', 'http://127.0.0.1:9100/ready'],
  ])('%s', (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });
});
