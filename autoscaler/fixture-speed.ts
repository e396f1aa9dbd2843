import { decide } from './decide';
import { history, host, many, monday, nobody, policyOf, service } from './fixture-signals';
import type { Signals } from './signals';
import { newState, type State } from './state';

/**
 * A program of its own, since Node in a test runner is slower: one service learns four weeks; each of 200 services then
 * carries what it knows, in a copy of its own, and each decision takes in a new minute of all of them. Prints JSON: bytes
 * of one service's state, how much it grows in a day, and the CPU milliseconds of the quickest quarter of warm decisions.
 */
const WEEKS_MINUTES = 28 * 1440;
const WARM = 30;
const MEASURED = 40;
const load = (minute: number): number => 120 + 80 * Math.sin((2 * Math.PI * minute) / 1440) + 5 * Math.sin(minute);

function one(at: number, minutes: readonly { minute: number; count: number }[]): Signals {
  const hosts = many(10, (i) => host(`h${i}`));
  return {
    services: { bot: service(at, 200, 40, { minutes }) },
    pools: { default: { measuredAt: at, hosts } },
    incidents: [],
  };
}

const past = history(monday - WEEKS_MINUTES * 60_000, WEEKS_MINUTES, load);
const learned = decide(monday, one(monday, past), policyOf(), nobody, newState).state;
const tomorrow = monday + 1440 * 60_000;
const later = decide(tomorrow, one(tomorrow, history(monday, 1440, load)), policyOf(), nobody, learned).state;
const bytes = JSON.stringify(learned).length;

const names = many(200, (i) => `s${i}`);
const services = Object.fromEntries(names.map((name) => [name, {}]));
const policy = policyOf({ services, pools: { default: { max: 5000 } } });
const known = JSON.stringify(learned.services['bot']);
let state: State = {
  version: 1,
  services: Object.fromEntries(names.map((name) => [name, JSON.parse(known)])),
  pools: learned.pools,
};
const took: number[] = [];
for (let i = 1; i <= WARM + MEASURED; i++) {
  const now = monday + i * 60_000;
  const signals: Signals = {
    services: Object.fromEntries(names.map((name) => [name, service(now, load(i), 40)])),
    pools: { default: { measuredAt: now, hosts: many(2000, (h) => host(`h${h}`)) } },
    incidents: [],
  };
  const began = process.cpuUsage();
  const result = decide(now, signals, policy, nobody, state);
  const { user, system } = process.cpuUsage(began);
  if (i > WARM) took.push((user + system) / 1000);
  if (result.state.services['s7']!.memory.minute !== now / 60_000 - 1) throw new Error('a minute was not learned');
  state = result.state;
}
took.sort((a, b) => a - b);
console.log(JSON.stringify({ bytes, growth: JSON.stringify(later).length - bytes, milliseconds: took[MEASURED / 4] }));
