import { columns } from '../contract';
import { columns as shown, tableOf } from '../jest/adapter-table';

type Test = { ancestorTitles: string[]; title: string; status: string };
const on = (adapter: string, title: string, status = 'passed'): Test => ({
  ancestorTitles: [`${adapter} keeps the promises of queue`],
  title,
  status,
});
const rest =
  '[redelivery, duplicates, back-pressure, close while busy, unreachable, lost and back, paused, wrong credentials, another environment]';
const version = { port: 'queue', adapter: 'RabbitMQ', version: '3.10.8' };

test('the table has the columns that contracts can cover', () => {
  expect(shown).toEqual(columns);
});

test('a row holds what passed and what failed, with the version of the server', () => {
  const { lines, holes } = tableOf(
    [
      on('RabbitMQ', 'keeps the order [order]'),
      on('RabbitMQ', `all of it ${rest}`),
      on('RabbitMQ', 'x [paused]', 'failed'),
    ],
    [version],
  );
  expect(lines[1]).toMatch(/^queue {2}RabbitMQ {2}3\.10\.8 {2}✓ +✓ +✓ +✓ +✓ +✓ +✓ +FAILED +✓ +✓$/);
  expect(holes).toEqual([]);
});

test('what no test covers, and what is only skipped, is a hole, unless it has no meaning and says why', () => {
  const tests = [on('RabbitMQ', `most of it ${rest}`), on('RabbitMQ', 'order [order] (unsupported: later)', 'pending')];
  expect(tableOf(tests, [version]).holes).toEqual(['queue × RabbitMQ: order']);
  const { lines, holes } = tableOf(tests, [{ ...version, meaningless: { order: 'nothing is ordered' } }]);
  expect(holes).toEqual([]);
  expect(lines.at(-1)).toBe('  1  queue, order: nothing is ordered');
});

test('a suite whose server was absent is told as skipped; one that told no version is a hole', () => {
  const absent: Test = { ancestorTitles: [], title: 'needs consul: EDWIN_TEST_CONSUL_URL not set', status: 'pending' };
  expect(tableOf([absent], []).skips).toEqual(['needs consul: EDWIN_TEST_CONSUL_URL not set']);
  expect(tableOf([on('RabbitMQ', `x [order] ${rest}`)], []).holes).toContain(
    'queue × RabbitMQ: no server told its version',
  );
});

test('an adapter that did not run where it had to is a hole', () => {
  const tests = [on('RabbitMQ', `all of it [order] ${rest}`), on('RabbitMQ', 'order [order]')];
  expect(tableOf(tests, [version], { queue: ['RabbitMQ', 'PostgreSQL'] }).holes).toEqual([
    'queue × PostgreSQL: not run',
  ]);
});
