import { createHmac, timingSafeEqual } from 'node:crypto';
import { parse as parseForm } from 'node:querystring';
import type { App, Receiver, ReceiverEvent } from '@slack/bolt';
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from '../../platform/log';
import { openSeen } from './seen';

/** Slack's own limit for the age of a request. */
const MOST_SKEW_S = 5 * 60;
/** Longer than a stamp is accepted, so that a captured request can never be played again. */
const REMEMBER_MS = 6 * 60_000;
const ACK_LIMIT_MS = 3_000;

/**
 * Why a request is not from Slack, or undefined when it is: `v0=HMAC-SHA256(secret, "v0:stamp:body")`, with a stamp
 * of the last five minutes. A stamp from the future is refused too.
 */
export function signatureFault(
  secret: string,
  { stamp, signature, body }: { stamp: string; signature: string; body: string },
  now: number,
): string | undefined {
  const seconds = Number(stamp);
  if (!/^\d{1,12}$/.test(stamp)) return 'no time stamp';
  if (Math.abs(now / 1000 - seconds) > MOST_SKEW_S) return 'the time stamp is too old or from the future';
  const wanted = Buffer.from(`v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`);
  const given = Buffer.from(signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? undefined : 'the signature is wrong';
}

/** The other door: Slack calls us, signed, at `POST /slack/events`. */
export class SignedHttp implements Receiver {
  private readonly secret: string;
  private readonly log: Logger;
  private readonly seen = openSeen(REMEMBER_MS);
  private app: App | undefined;

  constructor({ signingSecret, log }: { signingSecret: string; log: Logger }) {
    this.secret = signingSecret;
    this.log = log;
  }

  init(app: App): void {
    this.app = app;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.app = undefined;
  }

  /** To be mounted on a server that Slack can reach. */
  get routes(): FastifyPluginAsync {
    return async (server) => {
      server.removeAllContentTypeParsers();
      server.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 1_000_000 }, (_request, body, done) =>
        done(null, body),
      );
      server.post('/slack/events', async (request, reply) => {
        const body = String(request.body ?? '');
        const header = (name: string): string => String(request.headers[name] ?? '');
        const signature = header('x-slack-signature');
        const fault = signatureFault(
          this.secret,
          { stamp: header('x-slack-request-timestamp'), signature, body },
          Date.now(),
        );
        if (fault !== undefined || this.seen.again(signature)) {
          this.log.warn(
            { event: 'webhook.refused', why: fault ?? 'it was here before' },
            'A call to the Slack door was refused',
          );
          return reply.code(401).header('x-slack-no-retry', '1').send();
        }
        const parsed = bodyOf(body, header('content-type'));
        if (parsed === undefined) return reply.code(400).send();
        if (parsed['type'] === 'url_verification') return { challenge: parsed['challenge'] };
        if (parsed['ssl_check'] !== undefined) return reply.code(200).send();
        const answer = await this.handOver(parsed, Number(header('x-slack-retry-num')) || undefined);
        return answer === undefined || answer === '' ? reply.code(200).send() : reply.code(200).send(answer);
      });
    };
  }

  /** Resolves with what the listener acknowledged. */
  private handOver(body: Record<string, unknown>, retryNum: number | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => resolve(undefined), ACK_LIMIT_MS);
      const event: ReceiverEvent = {
        body,
        customProperties: { arrivedAt: performance.now() },
        ack: async (answer: unknown) => {
          clearTimeout(late);
          resolve(typeof answer === 'string' ? { text: answer } : answer);
        },
        ...(retryNum !== undefined && { retryNum }),
      };
      if (!this.app) return resolve(undefined);
      this.app.processEvent(event).catch(reject);
    });
  }
}

/** Events are JSON; commands are forms; everything interactive is a form whose `payload` is JSON. */
function bodyOf(body: string, contentType: string): Record<string, unknown> | undefined {
  try {
    if (!contentType.startsWith('application/x-www-form-urlencoded'))
      return JSON.parse(body) as Record<string, unknown>;
    const form = parseForm(body);
    return typeof form['payload'] === 'string' ? (JSON.parse(form['payload']) as Record<string, unknown>) : { ...form };
  } catch {
    return undefined;
  }
}
