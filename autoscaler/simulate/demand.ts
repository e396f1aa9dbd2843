import { plant } from './policy';
import { lateOf } from './score';
import { TICKS_PER_MINUTE, type World } from './world';

/** What the scored part of a world asks for, in the currency of the optimum: seconds of one host's work. */
export interface Demand {
  readonly minutes: number;
  /** Host-seconds of work that arrive in each tick. */
  readonly work: Float64Array;
  /** Messages that arrive in each tick. */
  readonly messages: Int32Array;
  readonly totalMessages: number;
}

export function demandOf({ arrivals, speed, fromTick, ticks }: World): Demand {
  const messages = arrivals.subarray(fromTick, ticks);
  const work = new Float64Array(messages.length);
  let totalMessages = 0;
  messages.forEach((count, i) => {
    work[i] = count / (plant.hostRate * (speed?.[fromTick + i] ?? 1));
    totalMessages += count;
  });
  return { minutes: messages.length / TICKS_PER_MINUTE, work, messages, totalMessages };
}

/** A fleet's way through one minute: messages that come too late, and the host-seconds of work left over. */
export function playMinute(
  demand: Demand,
  minute: number,
  hosts: number,
  backlog: number,
): { late: number; left: number } {
  let late = 0;
  let left = backlog;
  const first = minute * TICKS_PER_MINUTE;
  for (let tick = first; tick < first + TICKS_PER_MINUTE; tick++) {
    const after = left + demand.work[tick]! - hosts * plant.tickSeconds;
    late += lateOf(demand.messages[tick]!, left, after, hosts);
    left = Math.max(0, after);
  }
  return { late, left };
}
