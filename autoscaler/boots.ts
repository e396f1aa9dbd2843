import type { PoolPolicy } from './policy';
import type { HostSignals, PoolSignals } from './signals';
import type { PoolState } from './state';

const REMEMBERED = 20;
/** The policy's figure is worth so many boots. */
const ASSUMED = 3;
/** Of what was measured, boots are reckoned with this quantile: a late host hurts more than an early one. */
const QUANTILE = 0.7;
const GIVE_UP_FACTOR = 2.5;
/** With so many boots measured, a host that boots so many times as long as the longest of them never comes up. */
const WELL_KNOWN = 10;
const BEYOND_LONGEST = 1.25;
/** Unless more launches than this fail: perhaps boots have become slower, and hosts that need longer have to be met. */
const OFTEN = 0.3;
/** The share of launches that fail is a mean over about so many. */
const LAUNCHES = 20;
/** A spare host is launched when this part of one is likely to fail. */
const WORTH_A_SPARE = 0.02;
const AVOID_MS = 30 * 60_000;

/** Takes in which hosts came up and how long that took. */
export function learnBoots(state: PoolState, { hosts }: PoolSignals, now: number): PoolState {
  const cameUp = hosts.filter(({ id, state: is }) => is === 'ready' && state.booting.includes(id));
  const seconds = cameUp.map(({ launchedAt }) => Math.round((now - launchedAt) / 1000)).filter((boot) => boot > 0);
  return {
    ...state,
    boots: [...state.boots, ...seconds].slice(-REMEMBERED),
    failing: state.failing * (1 - 1 / LAUNCHES) ** seconds.length,
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
export function overdue(
  hosts: readonly HostSignals[],
  boot: number,
  { boots, failing }: PoolState,
  { giveUpSeconds }: PoolPolicy,
  now: number,
): HostSignals[] {
  const known = boots.length >= WELL_KNOWN && failing < OFTEN;
  const seconds = giveUpSeconds ?? (known ? BEYOND_LONGEST * Math.max(...boots) : GIVE_UP_FACTOR * boot);
  return hosts.filter(({ state, launchedAt }) => state === 'booting' && now - launchedAt > seconds * 1000);
}

/** Launches beside `launching` that make up for those that never come up, as far as was seen lately. */
export function sparesFor(launching: number, { failing }: PoolState): number {
  const expected = failing * Math.max(0, launching);
  return expected < WORTH_A_SPARE ? 0 : Math.ceil(expected);
}

/** Where hosts failed is avoided for half an hour. */
export function avoid(state: PoolState, failed: readonly HostSignals[], now: number): PoolState {
  const kept = state.avoided.filter(
    ({ type, zone }) => !failed.some((host) => host.type === type && host.zone === zone),
  );
  const failing = failed.reduce((share) => share + (1 - share) / LAUNCHES, state.failing);
  const places = new Map(failed.map(({ type, zone }) => [`${type} ${zone}`, { type, zone, until: now + AVOID_MS }]));
  return { ...state, failing, avoided: [...kept, ...places.values()] };
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
