import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attribute, keyNames } from './key-names.js';

const column = (name: string, place: number | null = null, dropped = false) => ({
  name,
  place,
  dropped,
  generated: false,
});
const generated = (name: string) => ({ ...column(name), generated: true });

describe('the key of a table, by the names that the stream gives its columns', () => {
  it.each([
    ['as today', ['id', 'name'], [column('id', 0), column('name')], ['id']],
    ['in the order of the key', ['a', 'b'], [column('a', 1), column('b', 0)], ['b', 'a']],
    ['a table without a key', ['a'], [column('a')], []],
    ['a column added since', ['id'], [column('id', 0), column('more')], ['id']],
    ['a key column renamed since', ['id', 'name'], [column('number', 0), column('name')], ['id']],
    [
      'one of two renamed since: both or none',
      ['a', 'b', 'c'],
      [column('a', 0), column('x', 1), column('c')],
      ['a', 'b'],
    ],
    ['renamed, and a column added', ['id'], [column('number', 0), column('more')], ['id']],
    ['renamed, and a column dropped', ['id', 'a'], [column('number', 0), column('', null, true)], ['id']],
    [
      'renamed, and a column dropped before or since',
      ['id', 'a'],
      [column('', null, true), column('number', 0), column('a')],
      ['id'],
    ],
    ['renamed, or made since', ['a'], [column('', null, true), column('number', 0)], undefined],
    [
      'renamed, beside a generated column',
      ['a', 'id'],
      [generated('g'), column('a'), column('number', 0)],
      ['id'],
    ],
    ['renamed, behind one that is sent', ['g', 'id'], [generated('g'), column('number', 0)], ['id']],
    [
      'renamed, behind one that is sent, and a column added',
      ['g', 'id'],
      [generated('g'), column('number', 0), column('more')],
      ['id'],
    ],
    [
      'renamed, as a generated one before it may have been',
      ['g', 'id'],
      [generated('h'), column('number', 0), column('more')],
      undefined,
    ],
    ['the table is gone', ['id'], [], undefined],
  ])('%s', (_name, streamed, today, expected) => {
    expect(keyNames(streamed, today)).toEqual(expected);
  });

  it('is right or undefined, whatever was done to the table before and since', () => {
    const step = fc.tuple(
      fc.constantFrom('add', 'add generated', 'drop', 'rename', 'add key'),
      fc.nat({ max: 9 }),
    );
    const steps = fc.array(step, { maxLength: 6 });
    let known = 0;
    fc.assert(
      fc.property(steps, steps, fc.nat({ max: 3 }), fc.boolean(), (before, since, keyAt, sendsGenerated) => {
        const table = new AlteredTable(keyAt);
        for (const [what, where] of before) table.alter(what, where);
        const streamed = table.streamed(sendsGenerated);
        const then = table.attributes.map(({ name }) => name);
        for (const [what, where] of since) table.alter(what, where);
        const found = keyNames(streamed, table.attributes);
        if (found) expect(found).toEqual([then[table.keyAt]]);
        if (found) known += 1;
      }),
      { numRuns: 3000 },
    );
    expect(known).toBeGreaterThan(1000);
  });
});

/** A table that is altered in the way PostgreSQL alters tables. Its key has one column. */
class AlteredTable {
  attributes: Attribute[];
  #names = 0;

  constructor(keyAt: number) {
    this.attributes = Array.from({ length: 4 }, (_, index) =>
      column(this.#name(), index === keyAt ? 0 : null),
    );
  }

  get keyAt(): number {
    return this.attributes.findIndex(({ place }) => place === 0);
  }

  streamed(sendsGenerated: boolean): string[] {
    return this.attributes
      .filter(({ dropped, generated }) => !dropped && (sendsGenerated || !generated))
      .map(({ name }) => name);
  }

  alter(what: string, where: number): void {
    const index = where % this.attributes.length;
    const { place, dropped } = this.attributes[index] as Attribute;
    if (what === 'add') this.attributes.push(column(this.#name()));
    else if (what === 'add generated') this.attributes.push(generated(this.#name()));
    else if (what === 'rename' && !dropped) this.#set(index, { name: this.#name() });
    else if (what === 'drop' && place === null)
      this.#set(index, { name: '', dropped: true, generated: false });
    else if (what === 'add key') {
      this.#set(this.keyAt, { place: null });
      this.attributes.push(column(this.#name(), 0));
    }
  }

  #set(index: number, change: Partial<Attribute>): void {
    this.attributes[index] = { ...(this.attributes[index] as Attribute), ...change };
  }

  #name(): string {
    return `column ${this.#names++}`;
  }
}
