import fc from 'fast-check';
import type { Host } from '../hosts/hosts';
import { place, type Taken, type Wish, whyNot } from './place';

const host = (name: string, changes: Partial<Host> = {}): Host => ({
  name,
  zone: 'a',
  state: 'ready',
  environments: [],
  cpus: 2,
  memoryMb: 1_000,
  ...changes,
});
const wish = (changes: Partial<Wish> = {}): Wish => ({
  environment: 'stage',
  service: 'bot',
  count: 2,
  memoryMb: 100,
  cpus: 0.5,
  ...changes,
});
const taken = (name: string, changes: Partial<Taken> = {}): Taken => ({
  host: name,
  environment: 'stage',
  service: 'bot',
  memoryMb: 100,
  cpus: 0.5,
  ...changes,
});

test.each([
  ['instances are spread over hosts', wish(), [host('h1'), host('h2')], [], ['h1', 'h2']],
  [
    'a host with an instance of the service comes later',
    wish({ count: 1 }),
    [host('h1'), host('h2')],
    [taken('h1')],
    ['h2'],
  ],
  ['zones are filled evenly', wish(), [host('h1'), host('h2'), host('h3', { zone: 'b' })], [], ['h1', 'h3']],
  [
    'the less busy host comes first',
    wish({ count: 1 }),
    [host('h1'), host('h2')],
    [taken('h1', { service: 'mailer' })],
    ['h2'],
  ],
  ['one host may take all', wish({ count: 3 }), [host('h1')], [], ['h1', 'h1', 'h1']],
  [
    'processors may be overbooked, since that only slows down',
    wish({ count: 1, cpus: 2 }),
    [host('h1')],
    [taken('h1', { cpus: 2 })],
    ['h1'],
  ],
  ['nothing is placed when nothing is wanted', wish({ count: 0 }), [], [], []],
])('%s', (_, asked, hosts, used, expected) => {
  expect(place(asked, hosts, used).hosts).toEqual(expected);
});

test('a host that is not used is named with the reason', () => {
  const hosts = [
    host('h1', { state: 'drained' }),
    host('h2', { state: 'unknown' }),
    host('h3', { environments: ['prod'] }),
    host('h4', { cpus: 0.25 }),
    host('h5', { memoryMb: 150 }),
  ];
  const placement = place(wish(), hosts, [taken('h5')]);
  expect(placement.hosts).toBeUndefined();
  expect(whyNot(placement)).toBe(
    'h1: it is drained; h2: it can not be reached; h3: it does not take instances of stage; ' +
      'h4: it has 0.25 processors, 0.5 needed; h5: 50 MiB of memory left, 100 needed',
  );
  expect(whyNot(place(wish(), [], []))).toBe('there are no hosts');
});

test('whatever the hosts are, only usable ones are chosen and their memory is never overbooked', () => {
  const hosts = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('h1', 'h2', 'h3', 'h4', 'h5'),
      zone: fc.constantFrom('a', 'b'),
      state: fc.constantFrom('ready', 'drained', 'unknown'),
      environments: fc.constantFrom([], ['stage'], ['prod']),
      cpus: fc.constantFrom(0.25, 1, 8),
      memoryMb: fc.integer({ min: 0, max: 2_000 }),
    }),
    { selector: ({ name }) => name },
  );
  const used = fc.array(
    fc.record({
      host: fc.constantFrom('h1', 'h2', 'h3'),
      environment: fc.constantFrom('stage', 'prod'),
      service: fc.constantFrom('bot', 'mailer'),
      memoryMb: fc.integer({ min: 1, max: 500 }),
      cpus: fc.constant(0.5),
    }),
  );
  const wishes = fc.record({
    environment: fc.constant('stage'),
    service: fc.constant('bot'),
    count: fc.integer({ min: 0, max: 12 }),
    memoryMb: fc.integer({ min: 1, max: 500 }),
    cpus: fc.constant(0.5),
  });
  fc.assert(
    fc.property(wishes, hosts, used, (asked, all, others) => {
      const { hosts: chosen, refused } = place(asked, all as Host[], others);
      for (const { name, state, environments } of all) {
        const usable =
          state === 'ready' && (environments.length === 0 || (environments as readonly string[]).includes('stage'));
        if (!usable) expect(refused[name]).toBeDefined();
        if (!usable) expect(chosen ?? []).not.toContain(name);
      }
      if (chosen === undefined) return;
      expect(chosen).toHaveLength(asked.count);
      for (const { name, memoryMb } of all) {
        const mine = chosen.filter((one) => one === name).length * asked.memoryMb;
        const theirs = others.filter((one) => one.host === name).reduce((sum, one) => sum + one.memoryMb, 0);
        if (mine > 0) expect(mine + theirs).toBeLessThanOrEqual(memoryMb);
      }
    }),
  );
});

test('where there is room everywhere, hosts and zones get as equal numbers as can be', () => {
  const zones = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(zones, fc.integer({ min: 0, max: 20 }), (sizes, count) => {
      const hosts = sizes.flatMap((size, zone) =>
        Array.from({ length: size }, (_, i) => host(`h${zone}-${i}`, { zone: `z${zone}`, memoryMb: 100_000 })),
      );
      const chosen = place(wish({ count }), hosts, []).hosts!;
      const perHost = hosts.map(({ name }) => chosen.filter((one) => one === name).length);
      expect(Math.max(...perHost) - Math.min(...perHost)).toBeLessThanOrEqual(1);
      if (count > sizes.length) return;
      expect(new Set(chosen.map((name) => name.split('-')[0])).size).toBe(count);
    }),
  );
});
