import { deadOf } from './topology';

interface Sample {
  readonly sample: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}
type Details = { readonly samples?: readonly Sample[] };

/** A queue as the management API lists it; what it has not counted yet is absent. Samples: the newest first. */
export interface QueueItem {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
  readonly messages_ready_details?: Details;
  /** `[]` when nothing was counted yet. */
  readonly message_stats?: { readonly publish_details?: Details; readonly ack_details?: Details } | readonly never[];
}

export interface Figures {
  readonly unacknowledged: number | undefined;
  /** Between two deliveries. */
  readonly pausing: number;
  readonly arrivedPerSecond: number | undefined;
  readonly settledPerSecond: number | undefined;
  /** Age in seconds, at least, of the oldest message when `ready` wait. */
  oldest(ready: number): number;
}

const HISTORY_SECONDS = 300;
const STEP_SECONDS = 5;
const RATE_SECONDS = 10;

/** What to ask for. */
export const historyOf = {
  columns: [
    'name',
    'messages_ready',
    'messages_unacknowledged',
    'messages_ready_details.samples',
    'message_stats.publish_details.samples',
    'message_stats.ack_details.samples',
  ].join(),
  query: ['msg_rates', 'lengths'].map((of) => `&${of}_age=${HISTORY_SECONDS}&${of}_incr=${STEP_SECONDS}`).join(''),
};

export function figuresOf(queue: string, items: readonly QueueItem[], now: number): Figures {
  const main = items.find(({ name }) => name === queue);
  const dead = items.filter(({ name }) => name === deadOf(queue));
  const pauses = items.filter(({ name }) => name.startsWith(`${queue}:pause-`));
  const acknowledged = rateOf(samples(main, 'ack_details'));
  const failed = [...pauses, ...dead].map((item) => rateOf(samples(item, 'publish_details')) ?? 0);
  return {
    unacknowledged: main?.messages_unacknowledged,
    pausing: sum(pauses.map((item) => item.messages_ready ?? 0)),
    arrivedPerSecond: rateOf(samples(main, 'publish_details')),
    // What failed was acknowledged, too, once it was stored for its pause or as dead.
    settledPerSecond: acknowledged === undefined ? undefined : Math.max(0, acknowledged - sum(failed)),
    oldest: (ready) =>
      oldestSeconds(samples(main, 'publish_details'), main?.messages_ready_details?.samples ?? [], ready, now),
  };
}

/**
 * How long the first of `ready` waiting messages has waited, at least. Quorum queues do not tell, and taking it out to
 * look would count as a delivery. But it was there at each moment since when fewer than `ready` messages arrived, as
 * long as any were waiting. Exact to about two steps while messages come and go in order; never more than the history.
 */
export function oldestSeconds(
  arrived: readonly Sample[],
  waiting: readonly Sample[],
  ready: number,
  now: number,
): number {
  const total = arrived[0]?.sample ?? 0;
  const lengths = new Map(waiting.map(({ sample, timestamp }) => [timestamp, sample]));
  let since = now;
  for (const { sample, timestamp } of arrived) {
    if (total - sample >= ready || !((lengths.get(timestamp) ?? 0) > 0)) break;
    since = Math.min(since, timestamp);
  }
  return (now - since) / 1000;
}

/** Per second, over the newest ten; undefined where nothing was counted, or the server began to count anew. */
function rateOf(of: readonly Sample[]): number | undefined {
  const newest = of[0];
  const before = of.find(({ timestamp }) => newest && newest.timestamp - timestamp >= RATE_SECONDS * 1000);
  if (!newest || !before || newest.sample < before.sample) return undefined;
  return ((newest.sample - before.sample) * 1000) / (newest.timestamp - before.timestamp);
}

function samples(item: QueueItem | undefined, of: 'publish_details' | 'ack_details'): readonly Sample[] {
  const stats = item?.message_stats;
  return stats === undefined || !(of in stats) ? [] : ((stats as Record<typeof of, Details>)[of].samples ?? []);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
