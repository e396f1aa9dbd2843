import { decide } from './decide';
import { history, host, many, monday, nobody, policyOf, service } from './fixture-signals';
import type { Signals } from './signals';
import { newState, type State } from './state';

const WEEKS_MINUTES = 28 * 1440;
const load = (minute: number): number => 120 + 80 * Math.sin((2 * Math.PI * minute) / 1440) + 5 * Math.sin(minute);

/**
 * One service learns four weeks; the 200 of the measured decision each carry what it knows, in copies of their own.
 * CPU time of warm code, and the quicker part of twenty decisions, since other processes share the machine.
 */
test('a decision for 200 services with four weeks of history takes at most 50 ms, and its state is bounded', () => {
  const minutes = history(monday - WEEKS_MINUTES * 60_000, WEEKS_MINUTES, load);
  const hosts = many(10, (i) => host(`h${i}`));
  const one = policyOf();
  const first = (at: number, more: object): Signals => ({
    services: { bot: service(at, 200, 40, more) },
    pools: { default: { measuredAt: at, hosts } },
    incidents: [],
  });
  const learned = decide(monday, first(monday, { minutes }), one, nobody, newState).state;
  const size = JSON.stringify(learned).length;
  expect(size).toBeLessThan(250_000);
  const later = decide(monday + 60_000, first(monday + 60_000, {}), one, nobody, learned).state;
  expect(Math.abs(JSON.stringify(later).length - size)).toBeLessThan(20_000);

  const names = many(200, (i) => `s${i}`);
  const policy = policyOf({
    services: Object.fromEntries(names.map((name) => [name, {}])),
    pools: { default: { max: 5000 } },
  });
  let state: State = {
    version: 1,
    services: Object.fromEntries(names.map((name) => [name, JSON.parse(JSON.stringify(learned.services['bot']!))])),
    pools: learned.pools,
  };
  const took: number[] = [];
  for (let i = 1; i <= 40; i++) {
    const now = monday + i * 60_000;
    const services = Object.fromEntries(names.map((name) => [name, service(now, load(i), 40)]));
    const signals = {
      services,
      pools: { default: { measuredAt: now, hosts: many(2000, (h) => host(`h${h}`)) } },
      incidents: [],
    };
    const began = process.cpuUsage();
    const result = decide(now, signals, policy, nobody, state);
    const used = process.cpuUsage(began);
    if (i > 20) took.push((used.user + used.system) / 1000);
    expect(Object.keys(result.services)).toHaveLength(200);
    expect(result.state.services['s7']!.memory.minute).toBe(now / 60_000 - 1);
    state = result.state;
  }
  expect(took.sort((a, b) => a - b)[5]).toBeLessThan(50);
}, 300_000);
