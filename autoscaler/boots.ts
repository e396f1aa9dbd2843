import type { PoolPolicy } from './policy';
import type { HostSignals, PoolSignals } from './signals';
import type { PoolState } from './state';

const REMEMBERED = 20;
/** The policy's figure is worth so many boots. */
const ASSUMED = 3;
/** Of what was measured, boots are reckoned with this quantile: a late host hurts more than an early one. */
const QUANTILE = 0.7;
const GIVE_UP_FACTOR = 2.5;
const AVOID_MS = 30 * 60_000;

/** Takes in which hosts came up and how long that took. */
export function learnBoots(state: PoolState, { hosts }: PoolSignals, now: number): PoolState {
  const cameUp = hosts.filter(({ id, state: is }) => is === 'ready' && state.booting.includes(id));
  const seconds = cameUp.map(({ launchedAt }) => Math.round((now - launchedAt) / 1000)).filter((boot) => boot > 0);
  return {
    ...state,
    boots: [...state.boots, ...seconds].slice(-REMEMBERED),
    booting: hosts.filter(({ state: is }) => is === 'booting').map(({ id }) => id),
    avoided: state.avoided.filter(({ until }) => until > now),
  };
}

/** Seconds from launch to ready to reckon with. */
export function bootSecondsOf({ boots }: PoolState, { bootSeconds }: PoolPolicy): number {
  const known = [...boots, ...new Array<number>(ASSUMED).fill(bootSeconds)].sort((a, b) => a - b);
  return known[Math.floor(QUANTILE * (known.length - 1))]!;
}

/** Minutes for which a host that is no longer needed is kept, `keep` in boots, unless the policy fixes it. */
export function keepMinutesOf(boot: number, keep: number, { keepSeconds }: PoolPolicy): number {
  return Math.max(1, Math.round((keepSeconds ?? keep * boot) / 60));
}

/** Hosts that boot for so long that they are given up. */
export function overdue(hosts: readonly HostSignals[], boot: number, policy: PoolPolicy, now: number): HostSignals[] {
  const seconds = policy.giveUpSeconds ?? GIVE_UP_FACTOR * boot;
  return hosts.filter(({ state, launchedAt }) => state === 'booting' && now - launchedAt > seconds * 1000);
}

/** Where hosts failed is avoided for half an hour. */
export function avoid(state: PoolState, failed: readonly HostSignals[], now: number): PoolState {
  const kept = state.avoided.filter(
    ({ type, zone }) => !failed.some((host) => host.type === type && host.zone === zone),
  );
  const places = new Map(failed.map(({ type, zone }) => [`${type} ${zone}`, { type, zone, until: now + AVOID_MS }]));
  return { ...state, avoided: [...kept, ...places.values()] };
}

/** Type and zone of each host to launch: the zone with the fewest hosts, the first type that is not avoided there. */
export function places(
  hosts: readonly HostSignals[],
  count: number,
  { types, zones }: PoolPolicy,
  { avoided }: PoolState,
): { type: string; zone: string }[] {
  const fails = (type: string, zone: string): boolean => avoided.some((at) => at.type === type && at.zone === zone);
  const inZone = new Map(zones.map((zone) => [zone, hosts.filter((host) => host.zone === zone).length]));
  const chosen: { type: string; zone: string }[] = [];
  for (let i = 0; i < count; i++) {
    const byRoom = [...zones].sort((a, b) => inZone.get(a)! - inZone.get(b)!);
    const options = types.flatMap(({ name }) => byRoom.map((zone) => ({ type: name, zone })));
    const place = options.find(({ type, zone }) => !fails(type, zone)) ?? options[0]!;
    inZone.set(place.zone, inZone.get(place.zone)! + 1);
    chosen.push(place);
  }
  return chosen;
}
