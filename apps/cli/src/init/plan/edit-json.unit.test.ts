import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setMember } from './edit-json.js';

const script = { section: 'scripts', name: 'dev', value: 'walmq dev' };

describe('setMember', () => {
  it.each([
    [
      'two spaces',
      '{\n  "scripts": {\n    "a": "b"\n  }\n}\n',
      '{\n  "scripts": {\n    "a": "b",\n    "dev": "walmq dev"\n  }\n}\n',
    ],
    [
      'tabs',
      '{\n\t"scripts": {\n\t\t"a": "b"\n\t}\n}',
      '{\n\t"scripts": {\n\t\t"a": "b",\n\t\t"dev": "walmq dev"\n\t}\n}',
    ],
    [
      'CRLF',
      '{\r\n  "scripts": {\r\n    "a": "b"\r\n  }\r\n}',
      '{\r\n  "scripts": {\r\n    "a": "b",\r\n    "dev": "walmq dev"\r\n  }\r\n}',
    ],
    ['one line', '{"scripts":{"a":"b"}}', '{"scripts":{"a":"b","dev": "walmq dev"}}'],
    [
      'an empty section',
      '{\n  "scripts": {},\n  "x": [1, 2]\n}',
      '{\n  "scripts": {\n    "dev": "walmq dev"\n  },\n  "x": [1, 2]\n}',
    ],
    [
      'no section',
      '{\n  "x": [1, 2]\n}\n',
      '{\n  "x": [1, 2],\n  "scripts": {\n    "dev": "walmq dev"\n  }\n}\n',
    ],
    ['no section on one line', '{"x":1}', '{"x":1,"scripts": {"dev": "walmq dev"}}'],
    ['an empty object', '{}', '{\n  "scripts": {\n    "dev": "walmq dev"\n  }\n}'],
    [
      'another value',
      '{ "scripts": { "dev": "old }", "b": "c" } }',
      '{ "scripts": { "dev": "walmq dev", "b": "c" } }',
    ],
    [
      'the same name elsewhere',
      '{"dev":{"scripts":{"dev":"x"}},"scripts":{"b":"{"}}',
      '{"dev":{"scripts":{"dev":"x"}},"scripts":{"b":"{","dev": "walmq dev"}}',
    ],
  ])('%s', (_, before, after) => {
    expect(setMember(before, script)).toBe(after);
    expect(setMember(after, script)).toBe(after);
  });

  it('puts a dependency where package managers sort it', () => {
    const walmq = { section: 'dependencies', name: 'walmq', value: '^1.0.0', sorted: true };
    expect(setMember('{\n  "dependencies": {\n    "pg": "8",\n    "zod": "4"\n  }\n}', walmq)).toBe(
      '{\n  "dependencies": {\n    "pg": "8",\n    "walmq": "^1.0.0",\n    "zod": "4"\n  }\n}',
    );
  });

  it('sets the one member and keeps all others, in any JSON', () => {
    const names = fc.string().filter(name => name !== '__proto__');
    const objects = fc.dictionary(names, fc.jsonValue());
    fc.assert(
      fc.property(
        objects,
        fc.option(fc.dictionary(names, fc.string())),
        names,
        fc.constantFrom(undefined, 2, '\t'),
        (rest, scripts, name, indent) => {
          const before = { ...rest, ...(scripts ? { scripts } : { scripts: undefined }) };
          const after = JSON.parse(
            setMember(JSON.stringify(before, null, indent), { ...script, name }),
          ) as object;
          expect(after).toEqual(
            JSON.parse(JSON.stringify({ ...before, scripts: { ...scripts, [name]: script.value } })),
          );
        },
      ),
    );
  });
});
