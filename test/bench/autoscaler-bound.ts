import { join } from 'node:path';
import { backlogAfterBoot, DRAIN_MINUTES } from '../../autoscaler/replay';
import { optimum } from '../../autoscaler/simulate/optimum';
import { plant } from '../../autoscaler/simulate/policy';
import { lateOf } from '../../autoscaler/simulate/score';
import { openWorld, TICKS_PER_MINUTE, type World } from '../../autoscaler/simulate/world';
import { tracesIn } from './autoscaler-files';

/**
 * `node dist/test/bench/autoscaler-bound.js [FOLDER] [NAME …]`: what the promise costs on a load curve without a
 * forecast of its bursts. The cheapest of a large family is looked for in hindsight, on the very days that are scored:
 * each member sees the load exactly, and some minutes of the future as exactly; it keeps `times` of that and `more`
 * hosts besides, for `minutes` after they were wanted last, and launches for backlogs as Edwin does. No proof that
 * nothing is cheaper, but whoever is has to foresee bursts further ahead.
 */
interface Member {
  readonly times: number;
  readonly more: number;
  readonly minutes: number;
}

const members: readonly Member[] = [1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 8].flatMap((times) =>
  [0, 1, 2, 4, 6, 8, 12, 16, 20, 25, 30, 35, 41, 45, 50, 55].flatMap((more) =>
    [10, 20, 40, 60, 120, 240, 480, 1440, 4320].map((minutes) => ({ times, more, minutes })),
  ),
);
const LOOKS = [0, 5];
const PROMISE = 0.99;
const BOOT_MINUTES = 10;
const WARM_UP_MINUTES = 120;
/** As autoscaler/hosts.ts: less backlog is no reason to launch. */
const SMALL_BACKLOG_SECONDS = 12;
const boots = { unitRate: plant.hostRate, bootMinutes: BOOT_MINUTES };

/** Messages per second of each minute that are known in it: the largest of two minutes' means up to `ahead` from now. */
function knownLoads({ arrivals, ticks }: World, ahead: number): Float64Array {
  const minutes = ticks / TICKS_PER_MINUTE;
  const loads = new Float64Array(minutes);
  for (let tick = 0; tick < ticks; tick++) loads[Math.floor(tick / TICKS_PER_MINUTE)]! += arrivals[tick]! / 60;
  return loads.map((_, minute) => {
    let most = 0;
    for (let at = minute; at <= Math.min(minutes - 1, minute + ahead); at++)
      most = Math.max(most, (loads[at]! + loads[Math.max(0, at - 1)]!) / 2);
    return most;
  });
}

function play(world: World, loads: Float64Array, { times, more, minutes }: Member): { nodeHours: number; slo: number } {
  const { arrivals, ticks, fromTick } = world;
  const first = Math.max(0, fromTick / TICKS_PER_MINUTE - WARM_UP_MINUTES);
  const booting: number[] = [];
  // Wanted and not outbid since, the most first: the head is the most of the last `minutes`.
  const wanted: { minute: number; hosts: number }[] = [];
  let ready = Math.min(plant.maxHosts, Math.max(1, Math.ceil((times * loads[first]!) / plant.hostRate + more)));
  let [queue, late, total, hostMinutes] = [0, 0, 0, 0];
  for (let minute = first; minute < ticks / TICKS_PER_MINUTE; minute++) {
    while (booting.length > 0 && booting[0]! <= minute) {
      booting.shift();
      ready += 1;
    }
    const capacity = ready * plant.hostRate;
    for (let tick = minute * TICKS_PER_MINUTE; tick < (minute + 1) * TICKS_PER_MINUTE; tick++) {
      const before = queue;
      const after = before + arrivals[tick]! - capacity * plant.tickSeconds;
      queue = Math.max(0, after);
      if (tick < fromTick) continue;
      total += arrivals[tick]!;
      late += lateOf(arrivals[tick]!, before, after, capacity);
    }
    if (minute * TICKS_PER_MINUTE >= fromTick) hostMinutes += ready + booting.length;
    const foreseen = new Array<number>(BOOT_MINUTES).fill(loads[minute]!);
    const isLarge = queue > plant.hostRate * SMALL_BACKLOG_SECONDS;
    const waiting = isLarge ? backlogAfterBoot(queue, ready, booting, minute, foreseen, boots) : 0;
    const need = Math.ceil((times * loads[minute]!) / plant.hostRate + more - 1e-9);
    const extra = Math.ceil(waiting / (plant.hostRate * 60 * DRAIN_MINUTES));
    const hosts = Math.min(plant.maxHosts, Math.max(plant.minHosts, need + extra));
    while (wanted.length > 0 && wanted.at(-1)!.hosts <= hosts) wanted.pop();
    wanted.push({ minute, hosts });
    while (wanted[0]!.minute <= minute - minutes) wanted.shift();
    const have = ready + booting.length;
    const surplus = have - wanted[0]!.hosts;
    for (let launch = have; launch < hosts; launch++) booting.push(minute + 1 + BOOT_MINUTES);
    if (surplus > 0) ready = Math.max(1, ready - surplus);
  }
  return { nodeHours: hostMinutes / 60, slo: 1 - late / total };
}

const [folder = join('..', 'shared', 'traces'), ...names] = process.argv.slice(2);
for (const trace of tracesIn(folder).filter(
  ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
)) {
  const world = openWorld({ trace, boot: BOOT_MINUTES * 60 });
  const least = optimum(world).nodeHours;
  for (const look of LOOKS) {
    const loads = knownLoads(world, look);
    const best = members
      .map((member) => ({ member, ...play(world, loads, member) }))
      .filter(({ slo }) => slo >= PROMISE)
      .sort((a, b) => a.nodeHours - b.nodeHours)[0];
    const found = best
      ? `${(best.nodeHours / least).toFixed(2)} of the optimum, ${(100 * best.slo).toFixed(2)} % in time, with ${best.member.times} times the load and ${best.member.more} hosts, kept ${best.member.minutes} min`
      : 'none keeps the promise';
    console.log(`${trace.name}: seeing ${look} min ahead: ${found}`);
  }
}
