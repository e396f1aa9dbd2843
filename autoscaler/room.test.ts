import { host, instance, many, monday, service } from './fixture-signals';
import type { Tenant } from './hosts';
import { roomFor } from './room';

/** A service that needs so many instances at once, each of which takes that share of a host; undefined: unknown. */
function tenant(name: string, soon: number | undefined, share = 0.25, here = 0): Tenant {
  const signals = service(monday, 0, here, { hostShare: share });
  return { name, signals, demand: soon === undefined ? undefined : ({ soon } as NonNullable<Tenant['demand']>) };
}

const pool = (hosts: number, more: ReturnType<typeof host>[] = []) => ({
  measuredAt: monday,
  hosts: [...many(hosts, (i) => host(`h${i}`)), ...more],
});
const nobody = new Set<string>();

test('a service that is alone gets all the room there is', () => {
  expect(roomFor(pool(3), [tenant('bot', 2)], nobody)).toEqual(new Map([['bot', 12]]));
});

test('hosts that boot count, those that drain or leave do not', () => {
  const more = [host('boots', { state: 'booting' }), host('drains', { state: 'draining' })];
  expect(roomFor(pool(3, more), [tenant('bot', 2)], new Set(['h0'])).get('bot')).toBe(12);
});

test('services share in proportion to what they need, in hosts, whether there is too much or too little', () => {
  const tenants = [tenant('bot', 8), tenant('site', 2, 0.5)];
  expect(roomFor(pool(6), tenants, nobody)).toEqual(
    new Map([
      ['bot', 16],
      ['site', 4],
    ]),
  );
  expect(roomFor(pool(1), tenants, nobody)).toEqual(
    new Map([
      ['bot', 2],
      ['site', 0],
    ]),
  );
});

test('a service whose need is not known keeps the room of what runs, those that drain left out', () => {
  const unknown = tenant('site', undefined, 0.25, 4);
  const draining = instance('x', { state: 'draining' });
  const signals = { ...unknown.signals!, instances: [...unknown.signals!.instances, draining] };
  const rooms = roomFor(pool(2), [tenant('bot', 4), { ...unknown, signals }], nobody);
  expect(rooms).toEqual(
    new Map([
      ['bot', 4],
      ['site', 4],
    ]),
  );
});

test('one that needs nothing, and one that is not measured, take nothing from the others', () => {
  const absent: Tenant = { name: 'absent', signals: undefined, demand: undefined };
  const rooms = roomFor(pool(2), [tenant('bot', 4), tenant('idle', 0), absent], nobody);
  expect(rooms.get('bot')).toBe(7);
  expect(rooms.get('idle')).toBe(0);
  expect(rooms.get('absent')).toBe(0);
});

test('without hosts there is no room', () => {
  expect(roomFor(pool(0), [tenant('bot', 4)], nobody).get('bot')).toBe(0);
});

test('together they never get more than the hosts have', () => {
  for (let hosts = 0; hosts <= 12; hosts++) {
    const tenants = [tenant('a', 3.7, 0.3), tenant('b', 11, 0.07), tenant('c', 0.2, 1)];
    const rooms = roomFor(pool(hosts), tenants, nobody);
    const taken = tenants.reduce((sum, { name, signals }) => sum + rooms.get(name)! * signals!.hostShare, 0);
    expect(taken).toBeLessThanOrEqual(hosts + 1e-9);
  }
});
