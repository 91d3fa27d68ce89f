import { WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { databaseRemedy, redisRemedy } from './reach-remedy.js';

const refused = (code: string) => Object.assign(new Error('refused'), { code });

describe('databaseRemedy', () => {
  it.each([
    ['a wrong password', refused('28P01'), /password in DATABASE_URL/],
    ['no connection left', refused('53300'), /max_connections/],
    ['no such database', refused('3D000'), /name of the database/],
    ['a server that starts', refused('57P03'), /starting up/],
    ['a server that is not there', refused('ECONNREFUSED'), /the server runs/],
    ['something that is no error', 'no answer', /the server runs/],
  ])('for %s', (_what, cause, remedy) => {
    expect(databaseRemedy(cause)).toMatch(remedy);
  });
});

describe('redisRemedy', () => {
  it.each([
    ['a wrong password', new Error('WRONGPASS invalid username-password pair.'), /password in REDIS_URL/],
    ['a remedy of ours', new WalmqError('REDIS_DENIED', 'no', { remedy: 'Run this.' }), /^Run this\.$/],
    ['no password', new Error('NOAUTH Authentication required.'), /redis:\/\/user:password@/],
    ['too few rights', new Error('NOPERM no permissions'), /a-redis-user-of-its-own/],
    ['a server that starts', new Error('LOADING Redis is loading'), /Wait/],
    ['a server that is not there', refused('ECONNREFUSED'), /the server runs/],
  ])('for %s', (_what, cause, remedy) => {
    expect(redisRemedy(cause)).toMatch(remedy);
  });
});
