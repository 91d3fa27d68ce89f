import { describe, expect, it } from 'vitest';
import { redact } from './redact.js';

describe('redact', () => {
  it.each([
    ['postgres://user:p%40ss@host:5432/db', 'postgres://user:***@host:5432/db'],
    ['redis://:secret@host', 'redis://:***@host'],
    ['connect to rediss://default:a:b@h failed', 'connect to rediss://default:***@h failed'],
    ['postgres://host/db?user=a&password=secret&x=1', 'postgres://host/db?user=a&password=***&x=1'],
    ['redis://default:a@b:c@host:6379', 'redis://default:***@host:6379'],
    ['postgres://user:a/b@host/db', 'postgres://user:***@host/db'],
    ['postgres://user:two words@host/db', 'postgres://user:***@host/db'],
    ['postgres://me@corp:secret@host/db', 'postgres://me@corp:***@host/db'],
    ['postgres://user@host:5432/db', 'postgres://user@host:5432/db'],
    ['from postgres://u:p1@h/db to redis://:p2@h:6379', 'from postgres://u:***@h/db to redis://:***@h:6379'],
    ['postgres://host/db?sslpassword=secret&sslkey=x', 'postgres://host/db?sslpassword=***&sslkey=x'],
    ['host=h password=secret user=u', 'host=h password=*** user=u'],
    ['{"url":"redis://:p w@h","next":"a@b"}', '{"url":"redis://:***@h","next":"a@b"}'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
    ['http://127.0.0.1:9100/ready', 'http://127.0.0.1:9100/ready'],
  ])('%s', (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });
});
