import { type Demand, playMinute } from './demand';
import { plant } from './policy';

/** A fleet for each minute, known in hindsight. */
export interface Plan {
  /** Hosts that work, per minute; what boots for them is in the cost alone. */
  readonly hosts: Uint8Array;
  /** Host-minutes, launches included at their boot time, and the work left over at the end. The fleet of the first minute was there before. */
  readonly cost: number;
  readonly launches: number;
  readonly late: number;
}

/**
 * The cheapest fleet under which no message is late: each minute's need, minute after minute, and then for each level
 * of hosts a gap in the need is bridged when that is no dearer than a boot. A host that boots is paid for, too.
 */
export function strictPlan(demand: Demand, bootMinutes: number): Plan {
  const hosts = needs(demand);
  const most = hosts.reduce((a, b) => Math.max(a, b), 0);
  for (let level = 1; level <= most; level++) {
    let lastNeeded = -1;
    for (let minute = 0; minute < hosts.length; minute++) {
      if (hosts[minute]! < level) continue;
      const gap = minute - lastNeeded - 1;
      if (gap > 0 && gap <= bootMinutes) hosts.fill(level, lastNeeded + 1, minute);
      lastNeeded = minute;
    }
  }
  return costed(demand, hosts, bootMinutes);
}

export function costed(demand: Demand, hosts: Uint8Array, bootMinutes: number): Plan {
  let [cost, launches, late, backlog] = [0, 0, 0, 0];
  hosts.forEach((now, minute) => {
    const launched = minute === 0 ? 0 : Math.max(0, now - hosts[minute - 1]!);
    launches += launched;
    cost += now + launched * bootMinutes;
    const played = playMinute(demand, minute, now, backlog);
    late += played.late;
    backlog = played.left;
  });
  return { hosts, cost: cost + backlog / 60, launches, late };
}

/** Least hosts per minute without a late message, given the work that the minute before left over. */
function needs(demand: Demand): Uint8Array {
  const hosts = new Uint8Array(demand.minutes);
  let backlog = 0;
  for (let minute = 0; minute < demand.minutes; minute++) {
    let need = plant.minHosts;
    let played = playMinute(demand, minute, need, backlog);
    while (played.late > 0 && need < plant.maxHosts) played = playMinute(demand, minute, ++need, backlog);
    hosts[minute] = need;
    backlog = played.left;
  }
  return hosts;
}
