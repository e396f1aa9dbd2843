import { plant } from './policy';

/** The figures of one run from `--from` on. */
export interface Score {
  /** Ready and booting, paid for from launch to removal. */
  readonly nodeHours: number;
  /** Share of messages that began within 5 s. */
  readonly slo: number;
  readonly launches: number;
  readonly workerHours: number;
  /** Wait that 99 % of the messages stayed below, by the queue and the capacity at their arrival. */
  readonly p99WaitSeconds: number;
  /** The oldest a waiting message has been. */
  readonly maxQueueAgeSeconds: number;
}

/** What happened in each minute since `--from`, for pictures and for how long a disturbance lasted. */
export interface Series {
  readonly arrived: Float64Array;
  readonly late: Float64Array;
  /** Mean number of hosts that were paid for. */
  readonly hosts: Float32Array;
}

const PER_E_FOLD = 40;
const LONGEST_SECONDS = 1e7;

/** Distribution of waits with a resolution of 2.5 %. */
export class Waits {
  private readonly counts = new Float64Array(Math.ceil(PER_E_FOLD * Math.log(1 + LONGEST_SECONDS)) + 1);
  private total = 0;

  add(seconds: number, messages: number): void {
    this.counts[Math.round(PER_E_FOLD * Math.log(1 + Math.min(LONGEST_SECONDS, seconds)))]! += messages;
    this.total += messages;
  }

  /** Seconds that the share of all messages waited at most; 0 without messages. */
  percentile(share: number): number {
    let below = 0;
    for (let i = 0; i < this.counts.length; i++) {
      below += this.counts[i]!;
      if (below >= share * this.total) return Math.exp(i / PER_E_FOLD) - 1;
    }
    return 0;
  }
}

/**
 * Messages that wait too long, of those that arrive evenly while the queue goes in a straight line from `before` to
 * `after` messages (below zero when it would empty earlier): the ones whose virtual wait, queue over `capacity` in
 * messages per second, is longer than promised.
 */
export function lateOf(arrivals: number, before: number, after: number, capacity: number): number {
  if (arrivals === 0) return 0;
  const limit = plant.promiseSeconds * capacity;
  if (before <= limit && after <= limit) return 0;
  if (before > limit && after > limit) return arrivals;
  const share = (Math.max(before, after) - limit) / Math.abs(after - before);
  return arrivals * share;
}
