import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHaproxyUrl } from './haproxy-address';
import { parseMap, parseSessions, parseSlots, parseWorkers } from './haproxy-answers';
import { grown, poolsConfiguration, poolsMap, poolValue, slotOf } from './haproxy-config';

test('the pools that HAProxy starts with first are 64 free slots', () => {
  const seed = (name: string) => readFileSync(join(__dirname, 'haproxy', name), 'utf8');
  expect(seed('pools.cfg')).toBe(poolsConfiguration(grown([], 64)));
  expect(seed('pools.map')).toBe('');
});

test('slots are written with their servers, and a draining one comes back without traffic', () => {
  const servers = [
    { id: 'a', host: '10.0.0.1', port: 80, state: 'ready', down: false },
    { id: 'b', host: '::1', port: 81, state: 'draining', down: false },
  ] as const;
  const text = poolsConfiguration(grown([{ name: 'pool-2', servers }], 2));
  expect(text).toMatch(
    /\n {4}server a 10\.0\.0\.1:80 check .* pool-max-conn 3\n {4}server b ::1:81 check .* disabled\n$/,
  );
});

test('growing keeps the slots there are', () => {
  const servers = [{ id: 'a', host: '1.1.1.1', port: 1, state: 'ready', down: false }] as const;
  const slots = grown([{ name: 'pool-1', servers }], 3);
  expect(slots.map(({ name, servers }) => [name, servers.length])).toEqual([
    ['pool-1', 1],
    ['pool-2', 0],
    ['pool-3', 0],
  ]);
});

test('the value of a pool holds its slot and its policy, and goes the way to HAProxy and back', () => {
  const value = poolValue({ slot: 'pool-7', policy: { holdSeconds: 2.5, retry: 'all' } });
  expect(value).toBe('pool-7:2500:all:62500');
  expect(slotOf(value)).toBe('pool-7');
  const entries = new Map([['stage/web', value]]);
  expect(poolsMap(entries)).toBe(`stage/web ${value}\n`);
  expect(parseMap(`0x55d0 stage/web ${value}\n0x55d1 stage/web pool-9:0:all:1\n\n`)).toEqual(entries);
});

test('processes are told apart: the one that serves, those that end, and failed reloads', () => {
  const head = '#<PID>          <type>          <reloads>       <uptime>        <version>\n';
  const serving = '# workers\n22787           worker          1               0d00h00m02s     2.6.12\n';
  const before = '# old workers\n20683           worker          2               0d00h01m23s     2.6.12\n# programs\n';
  expect(
    parseWorkers(`${head}20675           master          2 [failed: 1]   0d00h01m24s     2.6.12\n${serving}${before}`),
  ).toEqual({
    current: 22787,
    old: [20683],
    failed: 1,
  });
  expect(
    parseWorkers(`${head}20675           master          0 [failed: 0]   0d00h00m00s     2.6.12\n# workers\n${before}`),
  ).toBe(undefined);
});

test('servers are read with their state; the way of those who wait is none', () => {
  const line = (id: string, admin: number, operational = 2) =>
    `5 pool-1 2 ${id} 127.0.0.1 ${operational} ${admin} 1 1 8 2 0 6 0 0 0 - 19001 - 0 0 - - 0`;
  const text = [
    '1',
    '# be_id be_name …',
    line(':hold', 0),
    line('a', 0),
    line('b', 8),
    line('c', 1),
    line('d', 4),
    line('e', 0, 0),
    '',
  ].join('\n');
  const [slot] = parseSlots(text);
  expect(slot!.servers.map(({ id, state, down }) => [id, state, down])).toEqual([
    ['a', 'ready', false],
    ['b', 'draining', false],
    ['c', 'draining', false],
    ['d', 'draining', false],
    ['e', 'ready', true],
  ]);
  expect(parseSessions('# pxname,svname\npool-1,:hold,0,0,4\npool-1,a,0,0,2,9,,40\n').get('a')).toBe(2);
});

test.each([
  ['haproxy+unix:///run/h/master.sock?config=/var/edge', { path: '/run/h/master.sock' }, '/run/h/master.sock'],
  ['haproxy+tcp://edge:9999?config=/var/edge', { host: 'edge', port: 9999 }, 'edge:9999'],
  ['haproxy+tcp://[::1]:9999?config=/var/edge', { host: '::1', port: 9999 }, '[::1]:9999'],
])('%s names the master and the folder', (url, target, shown) => {
  expect(parseHaproxyUrl(url)).toEqual({ master: { target, shown }, folder: '/var/edge' });
});

test.each([
  'haproxy+unix:///run/h/master.sock',
  'haproxy+unix:///run/h/master.sock?config=relative',
  'haproxy+unix://run/master.sock?config=/var/edge',
  'haproxy+tcp://edge?config=/var/edge',
])('%s is refused', (url) => {
  expect(() => parseHaproxyUrl(url)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});
