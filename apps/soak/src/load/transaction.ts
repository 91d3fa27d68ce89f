import { hashOf, type Random, randomFrom } from '../plan/random.js';
import type { LoadPlan } from '../plan/round.js';
import { EARLIER_ROWS } from './schema.js';

/** Rows that all writers change. */
const HOT = 5;
/** Keys of one writer's own rows. */
const OWN_KEYS = 10_000_000;

type Kind = (random: Random, own: number) => string;

/** The statements of one transaction of one writer. Pure: they follow from the seed, the writer and the number. */
export function transactionOf(seed: number, load: LoadPlan, writer: number, n: number): string {
  const random = randomFrom(hashOf(`${seed}/${writer}/${n}`));
  const own = (writer + 1) * OWN_KEYS + n * 500;
  const kind = random.one(kindsOf(load));
  return kind(random, own);
}

const ROWS: readonly Kind[] = [
  (random, own) => insertAccounts(random, own, 1),
  random => `BEGIN; ${touch(random)}; ${touch(random)}; COMMIT`,
  (random, own) => insertLines(own, random.between(2, 20)),
  (random, own) =>
    `BEGIN; ${insertAccounts(random, own, 1)}; UPDATE accounts SET id = id + 250 WHERE id = ${own + 1}; COMMIT`,
  (random, own) =>
    `BEGIN; ${insertAccounts(random, own, 3)}; DELETE FROM accounts WHERE id = ${own + 2}; DELETE FROM lines WHERE account = ${random.between(1, EARLIER_ROWS)}; COMMIT`,
  // Inserts a key again that the same transaction has deleted.
  (random, own) =>
    `BEGIN; ${insertAccounts(random, own, 1)}; DELETE FROM accounts WHERE id = ${own + 1}; ${insertAccounts(random, own, 1)}; COMMIT`,
  (random, own) => `BEGIN; ${insertAccounts(random, own, 5)}; ${touch(random)}; ${publish(random)}; ROLLBACK`,
  (random, own) =>
    `BEGIN; ${touch(random)}; SAVEPOINT s; ${insertAccounts(random, own, 4)}; ${publish(random)}; ROLLBACK TO s; ${insertLines(own, 2)}; COMMIT`,
  random => `UPDATE accounts SET grp = ${random.between(0, 3)} WHERE id = ${random.between(1, EARLIER_ROWS)}`,
  (random, own) => `INSERT INTO docs (id, body, title) VALUES (${own}, ${wide(random)}, 'new')`,
  // The wide column stays as it is: PostgreSQL does not send it in the new row.
  random =>
    `UPDATE docs SET title = 't${random.between(0, 99)}' WHERE id % 7 = ${random.between(0, 6)} AND id > ${EARLIER_ROWS - 5}`,
  random => `UPDATE docs SET body = ${wide(random)} WHERE id = ${random.between(1, HOT)}`,
  // Events have no row whose lock puts the transactions of a key in the order of the log.
  random =>
    `BEGIN; SELECT pg_advisory_xact_lock(1); ${publish(random)}; ${touch(random)}; ${publish(random)}; COMMIT`,
  (random, own) => (random.chance(0.2) ? insertLines(own, 300) : insertLines(own, 1)),
];

const TRUNCATES: readonly Kind[] = [
  (random, own) =>
    `BEGIN; ${insertLines(own, 2)}; TRUNCATE lines; ${random.chance(0.5) ? insertLines(own, 2) : 'SELECT'}; COMMIT`,
];

const DDL: readonly Kind[] = [
  (random, own) =>
    `BEGIN; ${touch(random)}; ALTER TABLE accounts ADD COLUMN c${own} integer DEFAULT ${random.between(0, 9)}; ${touch(random)}; COMMIT`,
  (random, own) => `BEGIN; ${renameLabel(own)}; ${touch(random)}; COMMIT`,
  (_, own) =>
    `BEGIN; CREATE TABLE extra_${own} (id integer PRIMARY KEY, note text); INSERT INTO extra_${own} VALUES (1, 'new'); COMMIT`,
  (random, own) =>
    `BEGIN; ALTER TABLE docs ADD COLUMN d${own} text; ROLLBACK; ${insertAccounts(random, own, 1)}`,
];

/** Alterations and truncates are rare: each locks out all other writers. */
function kindsOf({ ddl, truncate }: LoadPlan): Kind[] {
  const often = [...ROWS, ...ROWS, ...ROWS];
  return [...often, ...(ddl ? DDL : []), ...(truncate ? TRUNCATES : [])];
}

function insertAccounts(random: Random, own: number, rows: number): string {
  return `INSERT INTO accounts (id, grp, note) SELECT ${own} + i, ${random.between(0, 3)}, 'new' FROM generate_series(1, ${rows}) i`;
}

function insertLines(own: number, rows: number): string {
  return `INSERT INTO lines (account, line, note) SELECT ${own}, i, 'new' FROM generate_series(1, ${rows}) i`;
}

function touch(random: Random): string {
  return `UPDATE accounts SET note = 'touched ${random.between(0, 9)}' WHERE id = ${random.between(1, HOT)}`;
}

function publish(random: Random): string {
  return `SELECT soak.publish('k${random.between(0, HOT)}', ${random.chance(0.1) ? 50_000 : 10})`;
}

/** Text that compresses badly, so that PostgreSQL stores it beside the row. */
function wide(random: Random): string {
  return `(SELECT string_agg(md5((i + ${random.between(0, 1_000_000)})::text), '') FROM generate_series(1, ${random.one([10, 200, 1500])}) i)`;
}

/** Renames a column to a name of its own, whatever its name is now. */
function renameLabel(own: number): string {
  return `DO $$ BEGIN EXECUTE format('ALTER TABLE accounts RENAME COLUMN %I TO %I',
    (SELECT attname FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attnum = 5), 'label_${own}'); END $$`;
}
