import { setTimeout as pause } from 'node:timers/promises';
import type { App, Receiver } from '@slack/bolt';
import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../platform/log';
import { sdkLogger } from './sdk-logger';

export interface SocketsOptions {
  readonly appToken: string;
  readonly apiUrl: string | undefined;
  readonly log: Logger;
}

/** One connection hears while another is made anew. */
const LINES = 2;
const LONGEST_PAUSE_MS = 10_000;
/** How long an old connection still hears after the one in its place stands. */
const LINGER_MS = 1_000;

/** One connection. `over` tells that another is needed: Slack asked for it (this one still hears), or it is gone. */
interface Line {
  readonly client: SocketModeReceiver['client'];
  readonly over: Promise<'asked' | 'gone'>;
}

/**
 * Socket Mode on two connections in one process, each made anew before it ends. Slack refreshes every connection now
 * and then, and the SDK closes it at once (what was on its way is lost) and is deaf for seconds before it dials again.
 * So its own reconnecting is off and its request to come again does not reach it:
 *
 *     line ──hears──► asked to come again ──next line hears──► linger ──► closed
 *
 * Frames that the SDK trips over (`app_rate_limited` has no inner event) are caught before they can end the process.
 */
export class Sockets implements Receiver {
  private readonly options: SocketsOptions;
  private readonly stopping = new AbortController();
  private readonly open = new Set<Line>();
  private app: App | undefined;
  private loops: Promise<void>[] = [];

  constructor(options: SocketsOptions) {
    this.options = options;
  }

  init(app: App): void {
    this.app = app;
  }

  /** Resolves when the first connection stands; the other follows. Keeps dialling until `stop`. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.loops = Array.from({ length: LINES }, () => this.keep(resolve));
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.open].map((line) => this.close(line)));
    await Promise.all(this.loops);
  }

  private async keep(connected: () => void): Promise<void> {
    const { log } = this.options;
    const { signal } = this.stopping;
    let before: Line | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const line = this.line();
      try {
        await line.client.start();
      } catch (error) {
        this.open.delete(line);
        if (failures === 0 && !signal.aborted)
          log.warn({ why: String(error) }, 'Slack can not be reached; trying until it can');
        const wait = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** failures++) * (0.5 + Math.random() / 2);
        await pause(wait, undefined, { signal }).catch(() => undefined);
        continue;
      }
      if (failures > 0) log.info({ event: 'chat.reconnected' }, 'Connected to Slack again');
      failures = 0;
      connected();
      if (before) void this.closeLater(before);
      before = (await line.over) === 'asked' ? line : undefined;
    }
  }

  private async closeLater(line: Line): Promise<void> {
    await pause(LINGER_MS, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
    await this.close(line);
  }

  private async close(line: Line): Promise<void> {
    if (!this.open.delete(line)) return;
    await Promise.race([line.client.disconnect(), pause(LINGER_MS, undefined, { ref: false })]);
  }

  private line(): Line {
    const { appToken, apiUrl, log } = this.options;
    const receiver = new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      logger: sdkLogger(log),
      customPropertiesExtractor: () => ({ arrivedAt: performance.now() }),
      installerOptions: {
        clientOptions: {
          retryConfig: { retries: 0 },
          rejectRateLimitedCalls: true,
          timeout: 10_000,
          ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
        },
      },
    });
    if (this.app) receiver.init(this.app);
    const { client } = receiver;
    client.on('error', () => undefined);
    const over = new Promise<'asked' | 'gone'>((resolve) => {
      this.guard(client, () => resolve('asked'));
      client.once('disconnected', () => resolve('gone'));
    });
    const line: Line = { client, over };
    this.open.add(line);
    client.once('disconnected', () => this.open.delete(line));
    return line;
  }

  /** The SDK's frame handler is async and unguarded: a rejection of it would be nobody's. */
  private guard(client: Line['client'], asked: () => void): void {
    const { log } = this.options;
    const handlers = client.listeners('ws_message') as ((data: string | ArrayBuffer, isBinary: boolean) => unknown)[];
    client.removeAllListeners('ws_message');
    client.on('ws_message', (data: string | ArrayBuffer, isBinary: boolean) => {
      const kind = typeof data === 'string' ? kindOf(data) : 'other';
      if (kind === 'disconnect') return asked();
      if (kind === 'rate-notice') {
        log.warn({ event: 'chat.limited' }, 'Slack drops events: the workspace sends more than 30,000 an hour');
        return;
      }
      const handle = async (): Promise<void> => {
        for (const handler of handlers) await handler(data, isBinary);
      };
      handle().catch((error) => log.error({ error }, 'A frame from Slack could not be handled'));
    });
  }
}

function kindOf(frame: string): 'disconnect' | 'rate-notice' | 'other' {
  if (!frame.includes('app_rate_limited') && !frame.includes('disconnect')) return 'other';
  try {
    const { type, payload } = JSON.parse(frame) as { type?: string; payload?: { type?: string; event?: unknown } };
    if (type === 'disconnect') return 'disconnect';
    const notice = type === 'app_rate_limited' || (payload?.type === 'app_rate_limited' && payload.event === undefined);
    return notice ? 'rate-notice' : 'other';
  } catch {
    return 'other';
  }
}
