import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import * as z3 from 'zod/v3';
import { readOwnVariables, type VariableSchema } from './own-variables.js';

describe('readOwnVariables', () => {
  it('takes validators of several libraries and versions together', () => {
    const shouting: VariableSchema<string> = {
      '~standard': { version: 1, vendor: 'none', validate: value => ({ value: `${value}!` }) },
    };
    const own = {
      COUNT: z.string().transform(Number),
      NAME: z3.string(),
      LOUD: shouting,
      KIND: z.string().default('a'),
    };
    const { values, mistakes } = readOwnVariables(own, { COUNT: '3', NAME: 'x', LOUD: 'y' });
    expectTypeOf(values).toEqualTypeOf<{
      readonly COUNT: number;
      readonly NAME: string;
      readonly LOUD: string;
      readonly KIND: string;
    }>();
    expect(mistakes).toEqual([]);
    expect(values).toEqual({ COUNT: 3, NAME: 'x', LOUD: 'y!', KIND: 'a' });
  });

  it('collects every mistake, by the name of the variable', () => {
    const later: VariableSchema<string> = {
      '~standard': { version: 1, vendor: 'none', validate: async () => ({ value: 'x' }) },
    };
    const own = {
      A: z.string({ error: 'is not set' }),
      B: z3.enum(['on'], { message: 'must be on' }),
      C: later,
    };
    expect(readOwnVariables(own, { B: 'off' }).mistakes).toEqual([
      'A is not set.',
      'B must be on.',
      'C has a validator that answers later: variables are read at once.',
    ]);
  });
});
