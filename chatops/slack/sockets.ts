import { setTimeout as pause } from 'node:timers/promises';
import type { App, Receiver } from '@slack/bolt';
import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../platform/log';
import { sdkLogger } from './sdk-logger';

export interface SocketsOptions {
  readonly appToken: string;
  readonly apiUrl: string | undefined;
  readonly log: Logger;
  /** How many connections; two, so that one hears while the other is made anew. */
  readonly count?: number;
}

const LONGEST_PAUSE_MS = 10_000;
const TURN_MS = 3_000;

/**
 * Socket Mode on two connections in one process. Slack refreshes each connection every few hours, and the SDK then is
 * deaf for seconds (it waits `clientPingTimeout` before it dials again); so its own reconnecting is off, we dial at
 * once, and the other connection hears meanwhile. Frames that the SDK trips over (`app_rate_limited` has no inner
 * event) are caught before they can end the process.
 */
export class Sockets implements Receiver {
  private readonly options: SocketsOptions;
  private readonly receivers: SocketModeReceiver[];
  private readonly stopping = new AbortController();
  private loops: Promise<void>[] = [];
  private turn: Promise<void> = Promise.resolve();

  constructor(options: SocketsOptions) {
    this.options = options;
    this.receivers = Array.from({ length: options.count ?? 2 }, () => this.receiver());
  }

  init(app: App): void {
    for (const receiver of this.receivers) receiver.init(app);
  }

  /** Resolves when the first connection stands; the others follow. Keeps dialling until `stop`. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.loops = this.receivers.map((receiver) => this.keep(receiver, resolve));
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.receivers.map((receiver) => receiver.stop()));
    await Promise.all(this.loops);
  }

  private receiver(): SocketModeReceiver {
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
    this.guard(receiver);
    return receiver;
  }

  /** The SDK's frame handler is async and unguarded: a rejection of it would be nobody's. */
  private guard({ client }: SocketModeReceiver): void {
    const handlers = client.listeners('ws_message') as ((data: string | ArrayBuffer, isBinary: boolean) => unknown)[];
    client.removeAllListeners('ws_message');
    client.on('ws_message', (data: string | ArrayBuffer, isBinary: boolean) => {
      if (!isBinary && typeof data === 'string' && isRateNotice(data)) {
        this.options.log.warn(
          { event: 'chat.limited' },
          'Slack drops events: the workspace sends more than 30,000 an hour',
        );
        return;
      }
      const handle = async (): Promise<void> => {
        for (const handler of handlers) await handler(data, isBinary);
      };
      const asked = typeof data === 'string' && /"type"\s*:\s*"disconnect"/.test(data);
      (asked ? this.inTurn(client, handle) : handle()).catch((error) =>
        this.options.log.error({ error }, 'A frame from Slack could not be handled'),
      );
    });
    client.on('error', () => undefined);
  }

  /** Asked to come again, only one connection leaves at a time, and the next one when that is back. */
  private inTurn(client: SocketModeReceiver['client'], leave: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      const back = new Promise<void>((resolve) => void client.once('connected', () => resolve()));
      await leave();
      await Promise.race([
        back,
        pause(TURN_MS, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined),
      ]);
    });
    return this.turn;
  }

  private async keep({ client }: SocketModeReceiver, connected: () => void): Promise<void> {
    const { log } = this.options;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      let leave = (): void => undefined;
      const gone = new Promise<void>((resolve) => {
        leave = resolve;
      });
      client.once('disconnected', leave);
      try {
        await client.start();
        if (failures > 0) log.info({ event: 'chat.reconnected' }, 'Connected to Slack again');
        failures = 0;
        connected();
        await gone;
      } catch (error) {
        if (failures === 0) log.warn({ why: String(error) }, 'Slack can not be reached; trying until it can');
        client.removeListener('disconnected', leave);
        failures++;
        const wait = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
        await pause(wait, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}

function isRateNotice(frame: string): boolean {
  if (!frame.includes('app_rate_limited')) return false;
  try {
    const { type, payload } = JSON.parse(frame) as { type?: string; payload?: { type?: string; event?: unknown } };
    return type === 'app_rate_limited' || (payload?.type === 'app_rate_limited' && payload.event === undefined);
  } catch {
    return false;
  }
}
