import { randomUUID } from 'node:crypto';
import type { Script } from '../../test/script';
import { until } from '../../test/until';
import type { IncomingMessage, Queue } from './queue';

export interface QueueUnderTest {
  /** Address of the queue of one environment, as `openQueue` takes it. */
  url(): string;
  open(options?: { deliveryLimit?: number }): Promise<Queue>;
  /** Each must be refused or fail. */
  openUnreachable(): Promise<Queue>;
  openWithWrongPassword(): Promise<Queue>;
  /** With credentials of another environment. */
  openAsStranger(): Promise<Queue>;
  readonly faults?: QueueFaults;
}

export interface QueueFaults {
  restart(): Promise<void>;
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
    });
  }

  get queue(): Queue {
    if (!this.#queue) throw new Error('No queue is open yet');
    return this.#queue;
  }

  /** A test of the contract. */
  promise(text: string, run: () => Promise<void>): void {
    const reason = this.unsupported[text];
    if (reason === undefined) test(text, run);
    else test.skip(`${text} (unsupported: ${reason})`, run);
  }

  /** A test that disturbs the server. */
  fault(text: string, run: (faults: QueueFaults) => Promise<void>): void {
    const { faults } = this.subject;
    if (faults) this.promise(text, () => run(faults));
    else test.skip(`${text} (this run can not disturb the server)`, () => undefined);
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

  settled(): Promise<unknown> {
    const none = async (): Promise<boolean> => (await this.queue.depth(this.topic)).unacknowledged === 0;
    return until(none, { what: 'every message is settled' });
  }
}

export function messages(count: number): { id: string; body: { n: number } }[] {
  return Array.from({ length: count }, (_, n) => ({ id: `m${n}`, body: { n } }));
}
