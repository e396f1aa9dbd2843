/**
 * Queue: durable messages between programs of one environment.
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - `publish` resolves only when every message is stored so that a crash of any program or a restart of the
 *   server keeps it. If it rejects, any prefix, all or none may be stored: publish again with the same ids.
 * - Delivery is at least once. Consumers recognise repeats by `id`, which the publisher chooses.
 * - Order is first-in first-out only while nothing is redelivered and one consumer takes one message at a time.
 *   Who needs an order carries a sequence number in the body.
 * - A handler that rejects, a consumer that dies or a process that is killed gives the message back: it is
 *   delivered again after a pause, with `attempt` raised. After `deliveryLimit` attempts it becomes dead: kept, counted, and
 *   never delivered again by itself.
 * - At most `concurrency` messages are in a consumer's hands at once (that is the back-pressure).
 * - The W3C trace context of the publisher travels in `headers` and is active around the handler.
 * - Every wait for the server has a limit, also where it hangs without closing; consumers find back by themselves.
 * Errors: `queue.unreachable`, `queue.refused` (wrong credentials or another environment), `queue.closed`,
 * `queue.taken` (something else keeps a queue of that name there).
 */
export interface Queue {
  publish(queue: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Starts taking messages; resolves when the subscription stands. Survives a lost server: it reconnects by itself. */
  consume(queue: string, options: ConsumeOptions, handler: MessageHandler): Promise<Consumer>;
  /** Of a queue that nobody has used yet all counts are 0. */
  depth(queue: string): Promise<QueueDepth>;
  readonly dead: DeadMessages;
  /** Stops every consumer as `Consumer.stop` does, then lets go of the connection. Safe to call twice. */
  close(): Promise<void>;
}

export interface OutgoingMessage {
  /** Unique for the queue; publishing the same id again while it is stored is not an error, and may deliver it again. */
  readonly id: string;
  /** Any JSON value, ≤ 1 MiB as text. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface IncomingMessage {
  readonly id: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly publishedAt: Date;
}

export type MessageHandler = (message: IncomingMessage) => Promise<void>;

export interface ConsumeOptions {
  /** How many handlers may run at once, ≥ 1. */
  readonly concurrency: number;
}

export interface Consumer {
  /** Takes no new message, waits for running handlers and settles their messages, then resolves. */
  stop(): Promise<void>;
}

export interface QueueDepth {
  /** Waiting for a consumer, those pausing before a redelivery included. */
  readonly ready: number;
  /** In the hands of consumers; undefined while the server does not tell. */
  readonly unacknowledged: number | undefined;
  readonly dead: number;
  /** Age of the oldest message that is ready, in seconds, at least; undefined when none is, or the server does not tell. */
  readonly oldestSeconds: number | undefined;
  /** Messages published a second, over about the last ten; undefined while the server does not tell. */
  readonly arrivedPerSecond: number | undefined;
  /** Messages handled for good a second, over about the last ten; undefined while the server does not tell. */
  readonly settledPerSecond: number | undefined;
}

/**
 * What became of messages that failed too often. They stay until someone decides; a process that is killed while it
 * carries that out may leave some decided and some not, and may deliver one twice, but loses none.
 */
export interface DeadMessages {
  /** Names of queues that begin with `prefix` and may have dead messages, sorted. */
  queues(prefix: string): Promise<string[]>;
  /** At most `limit` of them, those first that died first. */
  list(queue: string, limit: number): Promise<DeadMessage[]>;
  /** Delivers them anew, as if never delivered before. Returns how many there were. */
  replay(queue: string, which: readonly string[] | 'all'): Promise<number>;
  /** Removes them for ever. Returns how many there were. */
  drop(queue: string, which: readonly string[] | 'all'): Promise<number>;
}

/** `attempt`: how often it was delivered. */
export interface DeadMessage extends IncomingMessage {
  readonly diedAt: Date;
  /** What its last handler rejected with, or that its consumers were lost; one line. */
  readonly reason: string;
}
