/** All of Slack's clocks in one place; tests shorten them. Milliseconds. */
export interface Timing {
  /** Time to acknowledge a command, a button or a modal. */
  readonly acknowledge: number;
  /** Redeliveries of an event nobody acknowledged, counted from its first delivery. */
  readonly redeliver: readonly number[];
  /** Between pings of the server; the SDK gives up after 30 s without one. */
  readonly ping: number;
  /** Life of a socket in the mode `slack`. */
  readonly refresh: number;
  /** From the warning to the end of a socket. */
  readonly warning: number;
  /** Least and most that an answer or an envelope is late in the mode `slack`. */
  readonly latency: readonly [number, number];
}

export const slackTiming: Timing = {
  acknowledge: 3000,
  redeliver: [4000, 15_000, 19_000],
  ping: 10_000,
  refresh: 300_000,
  warning: 10_000,
  latency: [40, 350],
};
