import { createHmac } from 'node:crypto';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';

interface Sent {
  readonly mid: string;
  readonly at: number;
  answeredAt: number | undefined;
  answers: number;
}

interface Shown {
  readonly id: string;
  readonly message: string;
  readonly created_time: string;
  readonly from: { readonly id: string };
}

/** What a run came to. */
export interface Tally {
  readonly sent: number;
  readonly webhookErrors: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** Milliseconds from sending a message to receiving its reply, sorted. */
  readonly latencies: readonly number[];
  /** Milliseconds a webhook call took, sorted. */
  readonly webhookMs: readonly number[];
}

/**
 * Messenger as the product sees it, and the students behind it: calls the webhook with signed messages, answers the
 * Send API, echoes what it took with its metadata, and lists conversations. It keeps the book that tells what was lost.
 */
export class Messenger {
  private readonly server: Server;
  private readonly appSecret: string;
  /** Idle connections end here before they do at the edge (after 65 s), whose end a new call could meet. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 200, timeout: 30_000 });
  private readonly openedAt = Date.now();
  private webhook = '';
  private count = 0;
  private readonly students = new Map<string, Sent[]>();
  private readonly order = new Map<string, string[]>();
  private readonly shown = new Map<string, Shown[]>();
  private readonly chains = new Map<string, Promise<void>>();
  private readonly webhookMs: number[] = [];
  private errors = 0;
  readonly failures: string[] = [];

  constructor(appSecret: string) {
    this.appSecret = appSecret;
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = this.answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks).toString());
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
  }

  async listen(port: number, host = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve, reject) => this.server.once('error', reject).listen(port, host, resolve));
  }

  subscribe(webhook: string): void {
    this.webhook = webhook;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A student writes; the webhook calls of one student are made one after the other, as they were written. */
  write(student: string, text: string): Promise<void> {
    this.count += 1;
    const sent: Sent = { mid: `m_${this.count}`, at: Date.now(), answeredAt: undefined, answers: 0 };
    this.students.set(student, [...(this.students.get(student) ?? []), sent]);
    this.show(student, { id: sent.mid, message: text, created_time: new Date().toISOString(), from: { id: student } });
    const turn = (this.chains.get(student) ?? Promise.resolve()).then(() =>
      this.notify(
        { sender: { id: student }, recipient: { id: 'page' }, timestamp: sent.at, message: { mid: sent.mid, text } },
        true,
      ),
    );
    this.chains.set(student, turn);
    return turn;
  }

  /** Resolves when every message is answered, or when nothing has been answered for `quietMs`. */
  async settled(quietMs: number): Promise<void> {
    let open = this.open();
    let since = Date.now();
    while (open > 0 && Date.now() - since < quietMs) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (this.open() !== open) {
        open = this.open();
        since = Date.now();
      }
    }
  }

  open(): number {
    return [...this.students.values()].flat().filter(({ answers }) => answers === 0).length;
  }

  tally(): Tally {
    const all = [...this.students.values()].flat();
    const latencies = all.flatMap(({ at, answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - at]));
    return {
      sent: all.length,
      webhookErrors: this.errors,
      lost: all.filter(({ answers }) => answers === 0).length,
      duplicated: all.filter(({ answers }) => answers > 1).length,
      outOfOrder: [...this.students]
        .map(([student, sent]) =>
          inversions(
            sent.map(({ mid }) => mid),
            this.order.get(student) ?? [],
          ),
        )
        .reduce((a, b) => a + b, 0),
      latencies: latencies.sort((a, b) => a - b),
      webhookMs: [...this.webhookMs].sort((a, b) => a - b),
    };
  }

  private answer(method: string, url: string, body: string): { status: number; body: unknown } {
    const { pathname, searchParams } = new URL(url, 'http://messenger');
    if (method === 'POST' && pathname.endsWith('/me/messages')) return this.take(body);
    if (method === 'GET' && pathname.endsWith('/me/conversations')) {
      const messages = [...(this.shown.get(searchParams.get('user_id') ?? '') ?? [])].reverse();
      return { status: 200, body: { data: [{ id: 't_1', messages: { data: messages.slice(0, 50) } }] } };
    }
    return { status: 404, body: { error: { message: 'Unknown path', type: 'GraphMethodException', code: 100 } } };
  }

  private take(body: string): { status: number; body: unknown } {
    const parsed = JSON.parse(body) as { recipient: { id: string }; message: { text: string; metadata?: string } };
    const student = parsed.recipient.id;
    this.count += 1;
    const id = `out_${this.count}`;
    this.show(student, {
      id,
      message: parsed.message.text,
      created_time: new Date().toISOString(),
      from: { id: 'page' },
    });
    const mid = /(m_\d+)/.exec(parsed.message.metadata ?? '')?.[1];
    const sent = this.students.get(student)?.find((one) => one.mid === mid);
    if (sent) {
      sent.answers += 1;
      if (sent.answeredAt !== undefined)
        this.failures.push(
          `answered again after ${Date.now() - sent.answeredAt} ms: ${parsed.message.metadata} (second ${this.second(Date.now())})`,
        );
      sent.answeredAt ??= Date.now();
      this.order.set(student, [...(this.order.get(student) ?? []), sent.mid]);
    } else if (mid !== undefined || parsed.message.metadata === undefined)
      this.failures.push(`reply without a message: ${body.slice(0, 200)}`);
    const echo = {
      sender: { id: 'page' },
      recipient: { id: student },
      timestamp: Date.now(),
      message: { mid: id, is_echo: true, text: parsed.message.text, metadata: parsed.message.metadata },
    };
    void this.notify(echo, false);
    return { status: 200, body: { recipient_id: student, message_id: id } };
  }

  private second(at: number): string {
    return ((at - this.openedAt) / 1000).toFixed(1);
  }

  private show(student: string, message: Shown): void {
    this.shown.set(student, [...(this.shown.get(student) ?? []).slice(-99), message]);
  }

  /** One webhook call. Not repeated when it fails: every failure counts, as it would against the page at Facebook. */
  private notify(messaging: unknown, counts: boolean): Promise<void> {
    const body = JSON.stringify({ object: 'page', entry: [{ id: 'page', time: Date.now(), messaging: [messaging] }] });
    const signature = `sha256=${createHmac('sha256', this.appSecret).update(body).digest('hex')}`;
    const began = Date.now();
    return new Promise((resolve) => {
      const done = (failure?: string): void => {
        if (counts) this.webhookMs.push(Date.now() - began);
        if (failure) {
          this.errors += 1;
          this.failures.push(`${failure} (call of second ${this.second(began)}, ${Date.now() - began} ms)`);
        }
        resolve();
      };
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-hub-signature-256': signature,
      };
      const call = httpRequest(
        this.webhook,
        { method: 'POST', headers, agent: this.agent, timeout: 20_000 },
        (response) => {
          response.resume();
          response.on('end', () =>
            done(response.statusCode === 200 ? undefined : `webhook answered ${response.statusCode}`),
          );
          response.on('error', (error) => done(`webhook answer: ${error.message}`));
        },
      );
      call.on('timeout', () => call.destroy(new Error('no answer within 20 s')));
      call.on('error', (error) =>
        done(`webhook call: ${error.message}${call.reusedSocket ? ', kept connection' : ''}`),
      );
      call.end(body);
    });
  }
}

/** How many replies came after one that should have followed them. Repeats do not count. */
export function inversions(sent: readonly string[], answered: readonly string[]): number {
  const positions = [...new Set(answered)].map((mid) => sent.indexOf(mid));
  return positions.filter((position, index) => index > 0 && position < Math.max(...positions.slice(0, index))).length;
}
