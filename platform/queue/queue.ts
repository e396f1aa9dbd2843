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
 * Errors: `queue.unreachable`, `queue.refused` (wrong credentials or another environment), `queue.closed`.
 */
export interface Queue {
  publish(queue: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Starts taking messages; resolves when the subscription stands. Survives a lost server: it reconnects by itself. */
  consume(queue: string, options: ConsumeOptions, handler: MessageHandler): Promise<Consumer>;
  depth(queue: string): Promise<QueueDepth>;
  /** Stops every consumer as `Consumer.stop` does, then lets go of the connection. Safe to call twice. */
  close(): Promise<void>;
}

export interface OutgoingMessage {
  /** Unique for the queue; publishing the same id again while it is stored is not an error. */
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
  /** In the hands of consumers. */
  readonly unacknowledged: number;
  readonly dead: number;
  /** Age of the oldest message that is ready, in seconds; undefined when none is. */
  readonly oldestSeconds: number | undefined;
}
