import { randomUUID } from 'node:crypto';
import { type Column, promised } from '../../test/contract';
import { absent } from '../../test/engines/absent';
import type { Script } from '../../test/script';
import { until } from '../../test/until';
import type { IncomingMessage, Queue, QueueDepth } from './queue';

export interface QueueUnderTest {
  /** What the server says of itself. */
  version(): Promise<string>;
  /** Address of the queue of one environment, as `openQueue` takes it. */
  url(): string;
  open(options?: { deliveryLimit?: number }): Promise<Queue>;
  /** Each must be refused or fail. */
  openUnreachable(): Promise<Queue>;
  openWithWrongPassword(): Promise<Queue>;
  /** With credentials of another environment. */
  openAsStranger(): Promise<Queue>;
  /** After each test: its queues are not needed any more. */
  forget?(topic: string): Promise<void>;
  /** How old the figures of `depth` may be. */
  readonly figuresWithinMs: number;
  readonly faults?: QueueFaults;
}

export interface QueueFaults {
  restart(): Promise<void>;
  /** kill -9 of the server, and a new start. */
  crash(): Promise<void>;
  /** The server keeps its connections and does nothing until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  cutConnections(): Promise<void>;
}

/** What the tests of the suite share: before each, a queue is opened and a topic of its own is named. */
export class QueueBench {
  readonly subject: QueueUnderTest;
  readonly unsupported: Readonly<Record<string, string>>;
  readonly scripts: Script[] = [];
  readonly #opened: Queue[] = [];
  #queue: Queue | undefined;
  topic = '';

  constructor(subject: QueueUnderTest, unsupported: Readonly<Record<string, string>>) {
    this.subject = subject;
    this.unsupported = unsupported;
    beforeEach(async () => {
      this.topic = `contract.${randomUUID().slice(0, 8)}`;
      this.#queue = await this.open();
    });
    afterEach(async () => {
      await Promise.all(this.scripts.splice(0).map((script) => script.kill()));
      await Promise.all(this.#opened.splice(0).map((one) => one.close()));
      await subject.forget?.(this.topic);
    });
  }

  get queue(): Queue {
    if (!this.#queue) throw new Error('No queue is open yet');
    return this.#queue;
  }

  /** A test of the contract. */
  promise(text: string, run: () => Promise<void>, covers: readonly Column[] = []): void {
    promised(text, run, { covers, unsupported: this.unsupported[text] });
  }

  /** A test that disturbs the server. */
  fault(text: string, run: (faults: QueueFaults) => Promise<void>, covers: readonly Column[] = []): void {
    const { faults } = this.subject;
    if (faults) this.promise(text, () => run(faults), covers);
    else absent(text, 'this run can not disturb the server');
  }

  async open(options?: { deliveryLimit?: number }): Promise<Queue> {
    const another = await this.subject.open(options);
    this.#opened.push(another);
    return another;
  }

  async collect(from: Queue, concurrency = 1): Promise<IncomingMessage[]> {
    const got: IncomingMessage[] = [];
    await from.consume(this.topic, { concurrency }, async (message) => void got.push(message));
    return got;
  }

  arrived(got: readonly unknown[], count: number, withinMs = 10_000): Promise<unknown> {
    return until(() => got.length >= count, { what: `${count} messages arrive`, withinMs });
  }

  /** Waits until the figures are these, which may be old ones for a while. */
  told(expected: Partial<QueueDepth>, from = this.queue): Promise<unknown> {
    let last: QueueDepth | undefined;
    const matches = async (): Promise<boolean> => {
      last = await from.depth(this.topic);
      return Object.entries(expected).every(([name, value]) => last?.[name as keyof QueueDepth] === value);
    };
    const withinMs = this.subject.figuresWithinMs;
    return until(matches, { what: `the depth is ${JSON.stringify(expected)}`, withinMs }).catch((error: unknown) => {
      throw new Error(`The depth is ${JSON.stringify(last)}`, { cause: error });
    });
  }

  /** Waits until nothing is left to do, as far as the server tells. */
  settled(): Promise<unknown> {
    const nothing = async (): Promise<boolean> => {
      const { ready, unacknowledged = 0 } = await this.queue.depth(this.topic);
      return ready === 0 && unacknowledged === 0;
    };
    return until(nothing, { what: 'every message is settled', withinMs: this.subject.figuresWithinMs });
  }
}

export function messages(count: number): { id: string; body: { n: number } }[] {
  return Array.from({ length: count }, (_, n) => ({ id: `m${n}`, body: { n } }));
}
