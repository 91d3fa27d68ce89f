import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { compose, docker, run } from './engine.mjs';

const DATABASE_URL = 'postgres://postgres:postgres@127.0.0.1:15432/shop';
const MAILS = 'http://127.0.0.1:18025/api/v1/messages';
const PRODUCT = 1;
const RECOVERY_MS = 120_000;

/** Connects anew for each statement: servers are killed in between. */
async function query(sql, values) {
  const client = new pg.Client({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Repeats a question until its answer is as wanted; the last answer is in the error. */
async function until(name, ask, isWell) {
  const end = Date.now() + RECOVERY_MS;
  let answer;
  while (Date.now() < end) {
    answer = await ask().catch(error => error.message);
    if (isWell(answer)) return answer;
    await sleep(500);
  }
  throw new Error(`${name}: after ${RECOVERY_MS / 1000} s still ${JSON.stringify(answer)}`);
}

/** Inserts orders of one item each, one transaction an order. A statement that a killed server refuses is tried again. */
async function placeOrders(count, onPlaced) {
  for (let placed = 0; placed < count; ) {
    const ok = await query(
      `WITH placed AS (INSERT INTO orders (customer_email, total_amount)
         VALUES ('customer-' || nextval('orders_id_seq') || '@example.com', 10) RETURNING id)
       INSERT INTO order_items (order_id, product_id, quantity, price) SELECT id, $1, 1, 10 FROM placed`,
      [PRODUCT],
    ).then(
      () => true,
      () => false,
    );
    if (ok) await onPlaced(++placed);
    else await sleep(200);
  }
}

/** The containers of a service, oldest first. */
function containersOf(service) {
  return compose('ps', '--all', '--quiet', service).split('\n').filter(Boolean);
}

/** SIGKILL of the program itself, as the kernel does when memory is short: the restart policy has to bring it back. */
function killProgram(service, hasInit) {
  const [container] = containersOf(service);
  const first = docker('inspect', '--format', '{{.State.Pid}}', container);
  // Docker's own init process is the parent of a program that is started with `init: true`.
  const program = hasInit ? run('ps', ['--ppid', first, '--no-headers', '-o', 'pid']).trim() : first;
  run('kill', ['-9', program]);
}

async function mailSubjects() {
  const subjects = [];
  for (;;) {
    const { messages } = await (await fetch(`${MAILS}?limit=200&start=${subjects.length}`)).json();
    if (messages.length === 0) return subjects;
    subjects.push(...messages.map(({ Subject }) => Subject));
  }
}

/** Subjects of a catcher that is gone: it keeps its mails in memory. */
async function countEffects(earlier) {
  const [counts] = await query(`SELECT
    (SELECT count(*)::int FROM orders) AS orders,
    (SELECT count(*)::int FROM order_items) AS items,
    (SELECT count(*)::int FROM shop.reservations WHERE state = 'reserved') AS reservations,
    (SELECT count(*)::int FROM shop.sales) AS sales,
    (SELECT coalesce(sum(quantity), 0)::int FROM shop.product_analytics) AS sold,
    (SELECT stock_quantity FROM inventory WHERE product_id = ${PRODUCT}) AS stock`);
  const mails = [...earlier, ...(await mailSubjects())].filter(subject => /order/i.test(subject));
  return { ...counts, mails: mails.length, distinct: new Set(mails).size };
}

/** Waits until every order has each effect exactly once. A mail can come twice after a kill, as SMTP has no transactions. */
async function expectEffects(orders, stock, earlier) {
  return await until(
    'effects',
    () => countEffects(earlier),
    counts =>
      [counts.orders, counts.items, counts.reservations, counts.sales, counts.sold, counts.distinct].every(
        each => each === orders,
      ) && counts.stock === stock - orders,
  );
}

/** The fault round. Throws an error that says what is wrong. */
export async function playRound({ orders, print }) {
  const stock = orders * 10;
  const start = (...services) =>
    compose(
      'up',
      '--detach',
      '--wait',
      '--no-build',
      '--scale',
      'order-worker=3',
      '--scale',
      'capture=2',
      ...services,
    );
  start();
  print('started: every container is healthy, the standby capture too');
  checkConfinement();
  print('programs run as a user that is not root, and cannot write in the image');
  await query(
    `INSERT INTO inventory (product_id, stock_quantity) VALUES ($1, $2)
     ON CONFLICT (product_id) DO UPDATE SET stock_quantity = excluded.stock_quantity`,
    [PRODUCT, stock],
  );

  let placed = 0;
  let earlier = [];
  const fault = async (name, kill) => {
    await placeOrders(orders, count => {
      if (count === Math.ceil(orders / 3)) kill();
    });
    placed += orders;
    const { mails } = await expectEffects(placed, stock, earlier);
    print(`${name}: ${placed} orders, each effect once; ${mails - placed} mails repeated`);
  };
  await fault('SIGKILL of capture and a worker', () => {
    killProgram('capture', true);
    killProgram('order-worker', true);
  });
  await fault('SIGKILL of redis', () => killProgram('redis', false));
  await fault('SIGKILL of postgres', () => killProgram('postgres', false));
  checkStandbyLog();
  await discardOne();
  print('walmq discard writes in a container');
  earlier = await mailSubjects();
  compose('down');
  start();
  await fault('down and up', () => {});
  compose('stop');
  checkExits();
  print('every program ended with 0');
}

function checkConfinement() {
  for (const service of ['capture', 'order-worker', 'dashboard']) {
    const [container] = containersOf(service);
    const [id, wrote] = docker(
      'exec',
      container,
      'bash',
      '-c',
      'id -u; touch /walmq/x 2>/dev/null && echo written || echo refused',
    ).split('\n');
    if (id === '0' || wrote !== 'refused')
      throw new Error(`${service} runs as ${id}, and a write in its image was ${wrote}`);
  }
}

/** A capture that stands by says so in one line. */
function checkStandbyLog() {
  for (const container of containersOf('capture')) {
    const lines = run('sh', ['-c', 'docker logs "$1" 2>&1', 'sh', container])
      .split('\n')
      .filter(line => line.includes('SLOT_BUSY'));
    if (lines.length > 3) throw new Error(`a standby has logged ${lines.length} lines: ${lines.at(-1)}`);
  }
}

async function discardOne() {
  await query(`INSERT INTO orders (customer_email, total_amount) VALUES ('no address', 1)`);
  const discard = () =>
    compose(
      'exec',
      '-T',
      'dashboard',
      'node',
      'apps/cli/bin/walmq.js',
      'discard',
      '--queue',
      'orders',
      '--all',
      '--yes',
    );
  const output = await until(
    'discard',
    async () => discard(),
    answer => answer.includes('1 discarded'),
  );
  if (!output.includes('/discarded/'))
    throw new Error(`the discarded change was not kept in /discarded: ${output}`);
  await query(`DELETE FROM orders WHERE customer_email = 'no address'`);
}

function checkExits() {
  const own = compose('ps', '--all', '--quiet').split('\n').filter(Boolean);
  const wrong = own
    .map(id => docker('inspect', '--format', '{{.Name}} {{.State.ExitCode}}', id))
    .filter(line => !line.endsWith(' 0'));
  if (wrong.length > 0) throw new Error(`ended otherwise than with 0: ${wrong.join(', ')}`);
}
