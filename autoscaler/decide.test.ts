import { decide } from './decide';
import { history, host, instance, many, monday, nobody, policyOf, service, signalsOf } from './fixture-signals';
import type { Policy } from './policy';
import type { Ledger, ServiceSignals, Signals } from './signals';
import { newState, restoreState, type State, saveState } from './state';
import { newExceeded } from './tame';

const MINUTE = 60_000;
const DAY = 1440;
const swing = (minute: number): number => 200 + 150 * Math.sin((2 * Math.PI * minute) / DAY);

/** Runs a fleet that follows the decisions at once, one decision a minute; what `change` says is true of the signals. */
function run(
  minutes: number,
  load: (minute: number) => number,
  change: (signals: Signals, minute: number) => Signals = (signals) => signals,
  policy: Policy = policyOf(),
  ledger: Ledger = nobody,
  from: { now: number; state: State; hosts: number } = { now: monday + 3 * DAY * MINUTE, state: newState, hosts: 10 },
) {
  let { state, hosts } = from;
  const decided = [];
  let now = from.now;
  for (let i = 0; i < minutes; i++) {
    now = from.now + i * MINUTE;
    const bot = service(now, load(i), hosts * 4, {
      minutes:
        i === 0 && state === newState
          ? history(now - 2 * DAY * MINUTE, 2 * DAY, (m) => load(m - 2 * DAY))
          : [{ minute: now / MINUTE - 1, count: load(i - 1) * 60 }],
    });
    const signals = change(
      signalsOf(
        now,
        bot,
        many(hosts, (h) => host(`h${h}`)),
      ),
      i,
    );
    const result = decide(now, signals, policy, ledger, state);
    state = result.state;
    hosts = result.pools['default']!.hosts;
    decided.push({ ...result.pools['default']!, bot: result.services['bot']!, minute: i });
  }
  return { decided, state, now, hosts };
}

test('hosts follow a load that comes and goes with the day, ahead of it, and each decision has its sentence', () => {
  const { decided } = run(DAY, swing);
  const hosts = decided.slice(60).map(({ hosts }) => hosts);
  expect(Math.max(...hosts)).toBeGreaterThanOrEqual(9);
  expect(Math.max(...hosts)).toBeLessThanOrEqual(12);
  expect(Math.min(...hosts)).toBeLessThanOrEqual(3);
  decided.slice(60).forEach(({ hosts, minute }) => {
    expect(hosts * 40).toBeGreaterThan(swing(minute) - 1);
  });
  for (const { reason, bot } of decided) {
    expect(reason).toMatch(/^(Add|Hold|Give back) \d+ .*hosts.*\.$/);
    expect(bot.reason).toMatch(/^(Start|Hold|Stop) \d+ .*instances.*\.$/);
  }
  expect(decided.at(-1)!.reason).toMatch(/bot may get \d+\/s in 10 min \(likely .* % sure/);
});

test('once messages are late, hosts are launched at once for what comes, its rise, and the backlog', () => {
  const { state, now } = run(30, () => 200);
  const later = now + MINUTE;
  const crowd = (ready: number) => {
    const bot = service(later, 600, 40, { ready, oldestSeconds: ready > 0 ? 9 : 0 });
    const hosts = many(10, (h) => host(`h${h}`));
    return decide(later, signalsOf(later, bot, hosts), policyOf({ pools: { default: { max: 64 } } }), nobody, state);
  };
  const late = crowd(2500).pools['default']!;
  expect(late.reason).toMatch(/messages of bot are late, so that \d+\/s are taken to go on; .* will wait by then/);
  // At least 600/s on the rise for ten minutes beside the 400/s that ten hosts do, gone 1.5 minutes after them.
  expect(late.hosts).toBeGreaterThan(15 + (200 * 600) / (40 * 90));
  expect(crowd(0).pools['default']!.reason).not.toMatch(/are late/);
});

test('where forecasts were off less than usual, the sentence says so', () => {
  const { state, now, hosts } = run(30, swing);
  const tamer = restoreState(saveState(state));
  for (const fit of tamer.services['bot']!.memory.fits) fit.exceeded = fit.exceeded.map((share) => share / 10);
  const next = (from: State) =>
    run(1, swing, undefined, policyOf(), nobody, { now: now + MINUTE, state: from, hosts }).decided[0]!.reason;
  expect(next(tamer)).toMatch(/; forecasts were off less than usual in the last hours/);
  expect(next(state)).not.toMatch(/less than usual/);
});

describe('nothing shrinks', () => {
  const falling = (minute: number): number => (minute < 0 ? 380 : 150);
  const quiet = (change: (signals: Signals) => Signals) => run(40, falling, change).decided;
  const bot = (signals: Signals, more: Partial<ServiceSignals>): Signals => ({
    ...signals,
    services: { bot: { ...signals.services['bot']!, ...more } },
  });

  test('unless it may: otherwise the tests below would say nothing', () => {
    expect(quiet((signals) => signals).at(-1)!.hosts).toBeLessThan(8);
  });

  test.each<[string, (signals: Signals) => Signals, RegExp]>([
    [
      'during an incident',
      (signals) => ({ ...signals, incidents: ['Checkout fails'] }),
      /an incident is open \(Checkout/,
    ],
    ['during a deployment', (signals) => bot(signals, { deploying: true }), /bot is being deployed/],
    ['on figures that are old', (s) => bot(s, { measuredAt: s.services['bot']!.measuredAt - 121_000 }), /121 s old/],
    ['on figures that are no time', (s) => bot(s, { measuredAt: Number.NaN }), /are NaN s old/],
    [
      'when a service is not measured at all',
      (signals) => ({ ...signals, services: {} }),
      /bot is not measured|nothing/,
    ],
  ])('%s', (_name, change, because) => {
    const state = run(5, () => 380).state;
    let decision = decide(monday, signalsOf(monday, service(monday, 0, 0), []), policyOf(), nobody, state).pools[
      'default'
    ]!;
    let next = state;
    for (let i = 5; i < 45; i++) {
      const now = monday + (3 * DAY + i) * MINUTE;
      const hosts = many(10, (h) => host(`h${h}`));
      const result = decide(now, change(signalsOf(now, service(now, 150, 40), hosts)), policyOf(), nobody, next);
      next = result.state;
      decision = result.pools['default']!;
      expect(decision.direction).not.toBe('in');
      expect(result.services['bot']?.direction ?? 'hold').not.toBe('in');
    }
    expect(decision.reason).toMatch(because);
  });

  test('when the pool itself can not be measured', () => {
    const decided = run(40, falling, (signals) => ({
      ...signals,
      pools: { default: { ...signals.pools['default']!, measuredAt: 0 } },
    })).decided;
    expect(decided.every(({ hosts, direction }) => hosts === 10 && direction === 'hold')).toBe(true);
    expect(decided.at(-1)!.reason).toMatch(/Hold 10 hosts: the figures of the pool are \d+ s old\./);
  });

  test('when the load falls as if something upstream were broken, for two hours', () => {
    const outage = (minute: number): number => (minute < 30 ? swing(minute + 360) : 1);
    const { decided } = run(4 * 60, outage);
    const during = decided.filter(({ minute }) => minute >= 45 && minute < 140);
    expect(during.every(({ direction }) => direction !== 'in')).toBe(true);
    expect(during.at(-1)!.reason).toMatch(/as if something upstream were broken/);
    expect(decided.at(-1)!.hosts).toBeLessThan(5);
  });
});

test('the first hour works without any history', () => {
  const from = { now: monday, state: newState, hosts: 3 };
  const load = (minute: number): number => 100 + 4 * minute;
  const { decided } = run(
    60,
    load,
    (s, i) => (i === 0 ? { ...s, services: { bot: { ...s.services['bot']!, minutes: [] } } } : s),
    policyOf(),
    nobody,
    from,
  );
  decided.slice(20).forEach(({ hosts, minute }) => {
    expect(hosts * 40).toBeGreaterThan(load(minute));
    expect(hosts).toBeLessThanOrEqual(2 + Math.ceil((2.3 * load(minute + 11)) / 40));
  });
});

test('a backlog asks for hosts, and those that boot count', () => {
  const { state, now } = run(60, () => 200);
  const at = now + MINUTE;
  const full = service(at, 200, 24, { ready: 40_000, oldestSeconds: 90 });
  const ready = many(6, (h) => host(`h${h}`));
  const first = decide(at, signalsOf(at, full, ready), policyOf(), nobody, state).pools['default']!;
  expect(first.direction).toBe('out');
  expect(first.reason).toMatch(/will wait by then/);
  const booting = many(first.hosts - 6, (h) => host(`b${h}`, { state: 'booting', launchedAt: at }));
  const second = decide(at, signalsOf(at, full, [...ready, ...booting]), policyOf(), nobody, state).pools['default']!;
  expect(second.direction).toBe('hold');
});

test('what a person pinned in the ledger is left alone until it ends', () => {
  const entry = { wanted: 7, min: 0, max: 100, author: 'jana', reason: 'load test' };
  const pinned = { services: {}, pools: { default: { ...entry, pinnedUntil: monday + 10 * DAY * MINUTE } } };
  const { decided } = run(30, () => 100, undefined, policyOf(), pinned);
  expect(decided.at(-1)).toMatchObject({ hosts: 7, reason: 'Hold 7 hosts: jana wants 7 (load test).' });
});

test('the state that was passed in is not changed', () => {
  const { state, now } = run(5, swing);
  const before = JSON.stringify(state);
  const signals = signalsOf(now + MINUTE, service(now + MINUTE, 300, 40, { ready: 500, oldestSeconds: 9 }), [
    host('h0'),
  ]);
  decide(now + MINUTE, signals, policyOf(), nobody, state);
  expect(JSON.stringify(state)).toBe(before);
});

test('hosts are counted with the slowest pace lately, as the sentence says, and what has to run now with that of now', () => {
  const first = run(60, () => 200);
  const { rate } = first.state.services['bot']!.pace;
  const slowed: State = {
    ...first.state,
    services: {
      bot: { ...first.state.services['bot']!, pace: { ...first.state.services['bot']!.pace, slowest: rate / 2 } },
    },
  };
  const next = (state: State) =>
    run(1, () => 200, undefined, policyOf(), nobody, { now: first.now + MINUTE, state, hosts: first.hosts })
      .decided[0]!;
  const [plain, wary] = [next(first.state), next(slowed)];
  expect(wary.hosts).toBeGreaterThan(1.7 * plain.hosts);
  expect(wary.bot.instances).toBe(plain.bot.instances);
  expect(wary.reason).toMatch(
    /an instance does 10(\.\d)?\/s, but did 5(\.\d+)?\/s within two days, which is counted on/,
  );
  expect(plain.reason).not.toContain('within two days');
});

test('saved and restored, the state decides the same', () => {
  const first = run(180, swing);
  const restored = restoreState(saveState(first.state));
  expect(restored).toEqual(first.state);
  const again = (state: State) =>
    run(60, swing, undefined, policyOf(), nobody, { now: first.now + MINUTE, state, hosts: first.hosts });
  expect(again(restored).decided).toEqual(again(first.state).decided);
});

test('a state that was saved by an Edwin that knew fewer figures goes on', () => {
  const first = run(30, swing);
  const old = JSON.parse(saveState(first.state));
  delete old.services.bot.memory.replay.lately;
  for (const fit of old.services.bot.memory.fits) delete fit.wildness;
  delete old.pools.default.failing;
  delete old.services.bot.pace.served;
  delete old.services.bot.pace.off;
  const { decided } = run(20, swing, undefined, policyOf(), nobody, {
    now: first.now + MINUTE,
    state: restoreState(JSON.stringify(old)),
    hosts: first.hosts,
  });
  expect(decided.every(({ hosts }) => hosts >= 1)).toBe(true);
  expect(() => restoreState('{"version":1,"services":null,"pools":{}}')).toThrow(/lacks its services/);
});

test('what an older Edwin learned goes on where only the errors of the last hours are new', () => {
  const first = run(30, swing);
  const old = JSON.parse(saveState(first.state));
  for (const fit of old.services.bot.memory.fits) delete fit.exceeded;
  const { memory } = restoreState(JSON.stringify(old)).services['bot']!;
  const before = first.state.services['bot']!.memory.fits;
  expect(memory.fits).toEqual(before.map((fit) => ({ ...fit, exceeded: newExceeded() })));
});

test('each service of a pool gets its room, and hosts are for all of them together', () => {
  const policy = policyOf({ services: { bot: {}, mailer: { max: 6 } } });
  const hosts = many(10, (h) => host(`h${h}`));
  let state: State = newState;
  let now = monday;
  let result = decide(now, signalsOf(now, service(now, 160, 20), hosts), policy, nobody, state);
  for (let i = 0; i < 90; i++, now += MINUTE) {
    const services = { bot: service(now, 160, 20), mailer: service(now, 40, 6) };
    result = decide(
      now,
      { services, pools: { default: { measuredAt: now, hosts } }, incidents: [] },
      policy,
      nobody,
      state,
    );
    state = result.state;
  }
  expect(result.pools['default']!.reason).toMatch(/2 services together need \d hosts/);
  expect(result.pools['default']!.hosts).toBeLessThan(10);
  expect(result.services['mailer']!.instances).toBeLessThanOrEqual(6);
  expect(result.services['bot']!.instances).toBeGreaterThanOrEqual(16);
});

test('idle instances are stopped, busy ones are only drained', () => {
  const { state, now } = run(60, () => 100);
  const at = now + 10 * MINUTE;
  const instances = [
    instance('busy', { working: 3 }),
    instance('idle', { working: 0 }),
    ...many(38, (i) => instance(`b${i}`)),
  ];
  const signals = signalsOf(
    at,
    service(at, 40, 40, { instances }),
    many(3, (h) => host(`h${h}`)),
  );
  const bot = decide(at, signals, policyOf(), nobody, state).services['bot']!;
  expect(bot.reason).toMatch(/^Stop/);
  expect(bot.stop).toEqual(['idle']);
  expect(bot.drain.length).toBe(40 - bot.instances - 1);
  expect(bot.drain).not.toContain('busy');
});
