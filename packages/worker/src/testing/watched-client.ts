import type { PoolClient } from 'pg';

/** Runs the statements of `once`: a client of a test database, or an object that answers as the test wants. */
export interface TestClient {
  query(text: string, values?: unknown[]): PromiseLike<unknown>;
}

/** A statement that a handler has sent within `once`. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const NO_ROWS: TestClient = {
  query: async () => ({ command: '', rowCount: 0, oid: 0, fields: [], rows: [] }),
};

/** The client, with each of its statements added to `sent`. Without a client each statement returns no rows. */
export function watched(client: TestClient = NO_ROWS, sent: Statement[]): PoolClient {
  const watching = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (name === 'query') sent.push(statementOf(given));
        // The client may have private fields, which only the client itself can read.
        return Reflect.apply(value, target, given);
      };
    },
  });
  return watching as TestClient & PoolClient;
}

/** From the forms of pg's `query`: a text and its values, or an object with both. */
function statementOf([first, second]: readonly unknown[]): Statement {
  const { text, values } = (
    typeof first === 'string' ? { text: first } : Object(first)
  ) as Partial<Statement>;
  return { text: String(text), values: values ?? (Array.isArray(second) ? second : []) };
}
