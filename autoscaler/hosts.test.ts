import { avoid, bootSecondsOf, learnBoots, overdue, places, sparesFor } from './boots';
import { hostBounds } from './bounds';
import { host, many, monday, policyOf } from './fixture-signals';
import { decideHosts, type PoolCase } from './hosts';
import { newPoolState, type PoolState } from './state';
import { victims } from './victims';

const pool = (content: object = {}) => policyOf({ pools: { default: content } }).pools['default']!;
const two = pool({
  types: [
    { name: 'big', pricePerHour: 2 },
    { name: 'spot', pricePerHour: 1 },
  ],
  zones: ['a', 'b'],
});

function decided(hosts: ReturnType<typeof host>[], more: Partial<PoolCase> = {}, state: PoolState = newPoolState) {
  const bounds = { min: 1, max: 10, minReason: 'the policy says so', maxReason: 'the policy says so' };
  const signals = { measuredAt: monday, hosts };
  const rest = { policy: two, tenants: [], bounds, entry: undefined, blocker: undefined, stale: false, now: monday };
  return decideHosts(state, { ...rest, signals, ...more });
}

describe('hosts', () => {
  test('are spread over zones', () => {
    const hosts = [host('1', { zone: 'a' }), host('2', { zone: 'a' }), host('3', { zone: 'b' })];
    const chosen = places(hosts, 3, two, newPoolState).map(({ zone }) => zone);
    expect(chosen).toEqual(['b', 'a', 'b']);
  });

  test('that do not come up are given up, and launched in another zone or of another type', () => {
    const dead = host('dead', { type: 'big', zone: 'b', state: 'booting', launchedAt: monday - 1_600_000 });
    const { decision, state } = decided([host('1', { type: 'big' }), dead], {
      bounds: { min: 2, max: 10, minReason: 'x', maxReason: 'x' },
    });
    expect(decision.giveUp).toEqual(['dead']);
    expect(decision.launch).toEqual([{ type: 'big', zone: 'a' }]);
    expect(decision.reason).toMatch(/1 given up after 600 s/);
    const both = avoid(state, [{ ...dead, zone: 'a' }], monday);
    expect(places([], 1, two, both)[0]!.type).toBe('spot');
    expect(learnBoots(both, { measuredAt: 0, hosts: [] }, monday + 1_900_000).avoided).toEqual([]);
  });

  test('boot as long as they were seen to', () => {
    let state = newPoolState;
    for (let i = 0; i < 12; i++) {
      const launchedAt = monday + i * 2_000_000;
      state = learnBoots(
        state,
        { measuredAt: 0, hosts: [host(`h${i}`, { state: 'booting', launchedAt })] },
        launchedAt,
      );
      state = learnBoots(state, { measuredAt: 0, hosts: [host(`h${i}`, { launchedAt })] }, launchedAt + 900_000);
    }
    expect(bootSecondsOf(state, pool())).toBe(900);
    expect(bootSecondsOf(newPoolState, pool())).toBe(600);
  });

  test('are given up after 2.5 boots, and once boots are well known, soon after the longest of them', () => {
    const booting = [host('x', { state: 'booting', launchedAt: 0 })];
    const known = { ...newPoolState, boots: many(10, (i) => 600 + i * 20) };
    const gone = (state: PoolState, seconds: number, policy = pool()) =>
      overdue(booting, 600, state, policy, seconds * 1000).length;
    expect([gone(newPoolState, 1500), gone(newPoolState, 1501)]).toEqual([0, 1]);
    expect([gone(known, 975), gone(known, 976)]).toEqual([0, 1]);
    expect(gone(known, 1300, pool({ giveUpSeconds: 1400 }))).toBe(0);
  });

  test('are waited for longer when many were given up, so that boots that became slower are met', () => {
    let state: PoolState = { ...newPoolState, boots: new Array(20).fill(600) };
    let [at, waited] = [monday, 0];
    for (let i = 0; i < 12 && waited < 900; i++) {
      const boot = bootSecondsOf(state, pool());
      const launched = host(`h${i}`, { state: 'booting', launchedAt: at });
      state = learnBoots(state, { measuredAt: 0, hosts: [launched] }, at);
      for (waited = 0; waited < 900; waited += 30)
        if (overdue([launched], boot, state, pool(), at + waited * 1000).length > 0) break;
      at += waited * 1000;
      if (waited < 900) state = avoid(state, [launched], at);
      else state = learnBoots(state, { measuredAt: 0, hosts: [{ ...launched, state: 'ready' }] }, at);
    }
    expect(state.boots.at(-1)).toBe(900);
  });

  test('that came up make failures count less, and spares are for what is likely to fail', () => {
    const booting = many(4, (i) => host(`b${i}`, { state: 'booting', launchedAt: monday - 600_000 }));
    const failed = avoid(newPoolState, booting.slice(0, 2), monday);
    expect(failed.failing).toBeCloseTo(0.0975, 6);
    const up = learnBoots(
      { ...failed, booting: ['b2', 'b3'] },
      { measuredAt: 0, hosts: booting.slice(2).map((found) => ({ ...found, state: 'ready' })) },
      monday,
    );
    expect(up.failing).toBeCloseTo(0.088, 4);
    expect([0, 1, 11, 12].map((launching) => sparesFor(launching, up))).toEqual([0, 1, 1, 2]);
    expect(sparesFor(50, newPoolState)).toBe(0);
  });

  test('are launched with a spare while launches fail, and the sentence says so', () => {
    const bounds = { min: 3, max: 10, minReason: 'a sale', maxReason: 'x' };
    const failing = { ...newPoolState, failing: 0.1 };
    const { decision } = decided([host('1')], { bounds, policy: pool({ warm: 3 }) }, failing);
    expect(decision.hosts).toBe(4);
    expect(decision.reason).toMatch(/1 more since 10 % of launches lately never came up\./);
    expect(decided([host('1'), host('2'), host('3')], { bounds }, failing).decision.hosts).toBe(3);
  });

  test('that are full ask for company', () => {
    const { decision } = decided(many(3, (i) => host(`${i}`, { cpu: 0.97, memory: 0.5 })));
    expect(decision).toMatchObject({ hosts: 4, direction: 'out' });
    expect(decision.reason).toMatch(/cpu of 3 hosts is 97 % used/);
  });

  test('that drain work again before new ones are launched', () => {
    const { decision } = decided([host('1'), host('2', { state: 'draining' })], {
      bounds: { min: 3, max: 10, minReason: 'a sale', maxReason: 'x' },
    });
    expect(decision).toMatchObject({ hosts: 3, undrain: ['2'] });
    expect(decision.launch).toHaveLength(1);
    expect(decision.reason).toMatch(/at least 3: a sale/);
  });

  test('that drained are removed once they are idle, not before', () => {
    const draining = [host('idle', { state: 'draining', working: 0 }), host('busy', { state: 'draining', working: 2 })];
    expect(decided([host('1'), ...draining]).decision.remove).toEqual(['idle']);
  });

  describe('that a forecast wants', () => {
    const busy = (count: number) => many(count, (i) => host(`${i}`));
    const minute = Math.floor(monday / 60_000);
    const before = (count: number): PoolState => ({ ...newPoolState, wanted: [{ minute: minute - 1, count }] });
    const wants = (count: number, more: Partial<PoolCase> = {}, earlier = 3) =>
      decided(busy(3), { policy: pool({ warm: count }), ...more }, before(earlier)).decision;

    test('in no more than this minute are not launched yet, when they are few', () => {
      const { hosts, direction, launch, reason } = wants(4);
      expect({ hosts, direction, launch }).toEqual({ hosts: 3, direction: 'hold', launch: [] });
      expect(reason).toMatch(/^Hold 3 hosts: .* 1 more is launched if still wanted in a minute\.$/);
    });

    test('in the minute before as well, or many at once, are launched', () => {
      expect(wants(4, {}, 4)).toMatchObject({ hosts: 4, direction: 'out' });
      expect(wants(5)).toMatchObject({ hosts: 5, direction: 'out' });
      expect(wants(6, {}, 4)).toMatchObject({ hosts: 6 });
      expect(wants(5, {}, 4)).toMatchObject({ hosts: 4 });
    });

    test('are taken back at once while they drain, since that costs no boot', () => {
      const hosts = [...busy(3), host('d', { state: 'draining' })];
      const { launch, undrain, hosts: count } = wants(4, { signals: { measuredAt: monday, hosts } });
      expect({ count, launch, undrain }).toEqual({ count: 4, launch: [], undrain: ['d'] });
    });

    test('by the policy, or since hosts are full, do not wait', () => {
      const bounds = { min: 4, max: 10, minReason: 'a sale', maxReason: 'x' };
      expect(wants(0, { bounds })).toMatchObject({ hosts: 4, direction: 'out' });
      const full = { measuredAt: monday, hosts: many(3, (i) => host(`${i}`, { cpu: 0.97 })) };
      expect(wants(0, { signals: full })).toMatchObject({ hosts: 4, direction: 'out' });
    });
  });

  test('are kept warm beyond the need if the policy wants it', () => {
    expect(decided([host('1')], { policy: pool({ warm: 3 }) }).decision.hosts).toBe(3);
  });
});

test.each<[string, number | undefined, number | undefined, RegExp, number]>([
  ['what may be spent', 7, undefined, /7 an hour may be spent/, 3],
  ['what the provider gives', undefined, 4, /the provider gives no more/, 4],
  ['the smaller of both', 7, 2, /the provider gives no more/, 2],
])('hosts are capped by %s', (_name, spendPerHour, quota, because, max) => {
  const bounds = { min: 5, max: 10, minReason: '', maxReason: '' };
  const found = hostBounds(bounds, undefined, { ...two, spendPerHour }, quota);
  expect(found.max).toBe(max);
  expect(found.min).toBeLessThanOrEqual(max);
  expect(found.maxReason).toMatch(because);
});

test('victims are idle first, then the least busy, which are only drained', () => {
  const all = [3, 0, 1, 0, 2].map((working, i) => ({ id: `${i}`, working, rank: -i }));
  expect(victims(all, 3)).toEqual({ stop: ['3', '1'], drain: ['2'] });
  expect(victims(all, 0)).toEqual({ stop: [], drain: [] });
});
