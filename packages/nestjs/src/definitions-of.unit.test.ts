import { describe, expect, it } from 'vitest';
import { OnBatch, OnChange, OnWalmqEvent, WalmqWorker } from './decorators.js';
import { definitionOf, definitionsOf } from './definitions-of.js';

type Decorator = (prototype: object, name: string, descriptor: PropertyDescriptor) => void;

/** Decorates as a compiler of TypeScript's decorators does: the methods, then the class. */
function decorate(
  target: { readonly name: string; readonly prototype: object },
  queue: string | undefined,
  methods: Readonly<Record<string, readonly unknown[]>>,
): void {
  const { prototype } = target;
  for (const [name, decorators] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
    for (const decorator of decorators) (decorator as Decorator)(prototype, name, descriptor);
  }
  if (queue !== undefined) WalmqWorker(queue)(target as never);
}

const context = {} as never;

class Orders {
  readonly greeting: string = 'confirmed';
  async confirm({ after }: { after: { id: number } }) {
    return `${this.greeting} ${after.id}`;
  }
  async paid() {
    return 'paid';
  }
  async neither() {}
}
decorate(Orders, 'orders', {
  confirm: [OnChange('orders', 'insert', 'read'), OnChange('public.carts', 'delete')],
  paid: [OnWalmqEvent('order.paid')],
});
const insert = { after: { id: 7 } } as never;

describe('a decorated class', () => {
  it('is a worker whose handlers are its methods', async () => {
    const { queue, on, events } = definitionOf(new Orders());
    expect(queue).toBe('orders');
    expect(Object.fromEntries([...on].map(([table, handlers]) => [table, [...handlers.keys()]]))).toEqual({
      carts: ['delete'],
      orders: ['insert', 'read'],
    });
    expect([...events.keys()]).toEqual(['order.paid']);
    expect(await on.get('orders')?.get('insert')?.(insert, context)).toBe('confirmed 7');
  });

  it('has the methods of the class that it extends', async () => {
    class Polite extends Orders {
      override readonly greeting = 'thank you,';
    }
    WalmqWorker('polite')(Polite);
    const { queue, on } = definitionOf(new Polite());
    expect(queue).toBe('polite');
    expect(await on.get('orders')?.get('insert')?.(insert, context)).toBe('thank you, 7');
  });

  it('may be another object for each change', async () => {
    const made: unknown[] = [];
    const resolve = async (change: unknown) => {
      made.push(change);
      return Object.assign(new Orders(), { greeting: 'request' });
    };
    const [definition] = definitionsOf([{ instance: Object.create(Orders.prototype), resolve }]);
    expect(await definition?.on.get('orders')?.get('insert')?.(insert, context)).toBe('request 7');
    expect(made).toEqual([insert]);
  });

  it('is one worker with the others of its queue', () => {
    class Others {
      async update() {}
    }
    decorate(Others, 'orders', { update: [OnChange('orders', 'update')] });
    const [definition, ...none] = definitionsOf([
      { instance: new Orders() },
      { instance: new (class {})() },
      { instance: new Others() },
    ]);
    expect(none).toEqual([]);
    expect([...(definition?.on.get('orders')?.keys() ?? [])]).toEqual(['insert', 'read', 'update']);
  });

  it('takes batches', async () => {
    class Ledger {
      async book(changes: readonly unknown[]) {
        return changes.length;
      }
    }
    decorate(Ledger, 'ledger', { book: [OnBatch({ size: 10, waitMs: 5 })] });
    const { batch } = definitionOf(new Ledger());
    expect(batch).toMatchObject({ size: 10, waitMs: 5 });
    expect(await batch?.handler([insert, insert], context)).toBe(2);
  });
});

describe('a class is refused that', () => {
  class One {
    async act() {}
    async other() {}
  }
  class Two {
    async act() {}
  }
  const cases: [string, () => void, string][] = [
    [
      'handles what another class handles',
      () => {
        decorate(One, 'orders', { act: [OnChange('orders', 'insert')] });
        decorate(Two, 'orders', { act: [OnChange('public.orders', 'insert')] });
      },
      'queue "orders" has two handlers for insert of table "orders": One.act and Two.act.',
    ],
    [
      'handles an event twice',
      () => decorate(One, 'orders', { act: [OnWalmqEvent('a')], other: [OnWalmqEvent('a')] }),
      'queue "orders" has two handlers for event "a": One.act and One.other.',
    ],
    [
      'handles batches and something else',
      () =>
        decorate(One, 'orders', {
          act: [OnChange('orders', 'insert')],
          other: [OnBatch({ size: 2, waitMs: 0 })],
        }),
      'queue "orders" has the handler of batches One.other and also One.act.',
    ],
    [
      'names no queue',
      () => decorate(One, undefined, { act: [OnChange('orders', 'insert')] }),
      'One.act handles changes, but its class is no worker.',
    ],
    [
      'handles nothing',
      () => decorate(One, 'orders', {}),
      'One is a worker of queue "orders" without a method that handles changes.',
    ],
  ];
  it.each(cases)('%s', (_, decorateThem, sentence) => {
    for (const target of [One, Two])
      for (const each of [target, target.prototype.act, One.prototype.other])
        for (const key of Reflect.getMetadataKeys(each)) Reflect.deleteMetadata(key, each);
    decorateThem();
    expect(() => definitionsOf([{ instance: new One() }, { instance: new Two() }])).toThrow(
      expect.objectContaining({ code: 'WORKER_CLASS_INVALID', message: sentence }),
    );
  });

  it('has nothing of walmq', () => {
    expect(() => definitionOf(new Date())).toThrow('Date is no worker.');
  });
});
