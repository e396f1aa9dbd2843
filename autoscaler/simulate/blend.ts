import { type Demand, playMinute } from './demand';
import { costed, type Plan } from './strict';

/**
 * Takes a plan that keeps the promise with room to spare, and puts into it stretches of a cheaper plan that does not,
 * the most saved per late message first, as long as the promise is kept. Stretches are where the two differ, up to
 * where both have the same hosts and no backlog.
 */
export function blend(demand: Demand, kept: Plan, cheap: Plan, bootMinutes: number, allowed: number): Plan {
  const stretches = differences(demand, kept, cheap, bootMinutes)
    .filter(({ saved }) => saved > 0)
    .sort((a, b) => b.saved / Math.max(1, b.late) - a.saved / Math.max(1, a.late));
  const hosts = kept.hosts.slice();
  let late = kept.late;
  for (const stretch of stretches) {
    if (late + stretch.late > allowed) continue;
    late += stretch.late;
    hosts.set(cheap.hosts.subarray(stretch.first, stretch.last), stretch.first);
  }
  const blended = costed(demand, hosts, bootMinutes);
  return blended.late <= allowed && blended.cost < kept.cost ? blended : kept;
}

interface Stretch {
  readonly first: number;
  readonly last: number;
  /** Host-minutes. */
  readonly saved: number;
  /** Additional late messages. */
  readonly late: number;
}

function differences(demand: Demand, kept: Plan, cheap: Plan, bootMinutes: number): Stretch[] {
  const found: Stretch[] = [];
  let [first, saved, late, leftKept, leftCheap] = [-1, 0, 0, 0, 0];
  for (let minute = 0; minute < demand.minutes; minute++) {
    const [a, b] = [kept.hosts[minute]!, cheap.hosts[minute]!];
    const ofKept = playMinute(demand, minute, a, leftKept);
    const ofCheap = playMinute(demand, minute, b, leftCheap);
    const launched = (hosts: Uint8Array): number =>
      minute === 0 ? 0 : Math.max(0, hosts[minute]! - hosts[minute - 1]!) * bootMinutes;
    if (a !== b && first < 0) first = minute;
    saved += a - b + launched(kept.hosts) - launched(cheap.hosts);
    late += ofCheap.late - ofKept.late;
    [leftKept, leftCheap] = [ofKept.left, ofCheap.left];
    if (a === b && leftKept === leftCheap && first >= 0) {
      found.push({ first, last: minute + 1, saved, late });
      first = -1;
    }
    if (first < 0) [saved, late] = [0, 0];
  }
  if (first >= 0) found.push({ first, last: demand.minutes, saved, late });
  return found;
}
