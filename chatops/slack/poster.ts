import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../platform/log';
import { type Fault, faultOf } from './fault';
import { type Message, plain } from './message';

export interface PostOptions {
  readonly thread?: string;
  /** Also shown in the channel, for a reply that everyone must see. */
  readonly broadcast?: boolean;
  /** Kept with the message, by which it is found again; readable by every app of the workspace. */
  readonly metadata?: { readonly event_type: string; readonly event_payload: Record<string, string | number> };
}

/** The calls of Slack's Web API that posting needs. */
export interface PostingClient {
  postMessage(arguments_: Record<string, unknown>): Promise<{ channel?: string; ts?: string }>;
}

/** Posts messages, in order in each channel and not faster than the channel takes; waits out limits and outages. */
export interface Poster {
  /**
   * Resolves when the message stands, with where. Rejects when the channel or the rights are missing, or `signal`
   * aborts; a workspace that does not take a block gets the plain form.
   */
  post(channel: string, message: Message, options?: PostOptions): Promise<{ channel: string; ts: string }>;
}

export function openPoster({
  client,
  spacingMs,
  log,
  signal,
}: {
  client: PostingClient;
  spacingMs: number;
  log: Logger;
  signal: AbortSignal;
}): Poster {
  const channels = new Map<string, Promise<unknown>>();

  const once = async (
    channel: string,
    message: Message,
    options: PostOptions,
  ): Promise<{ channel: string; ts: string }> => {
    const { thread, broadcast, metadata } = options;
    const posted = await client.postMessage({
      channel,
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
      ...(thread !== undefined && { thread_ts: thread }),
      ...(broadcast && { reply_broadcast: true }),
      ...(metadata && { metadata }),
    });
    return { channel: posted.channel ?? channel, ts: posted.ts ?? '' };
  };

  const persistently = async (
    channel: string,
    message: Message,
    options: PostOptions,
  ): Promise<{ channel: string; ts: string }> => {
    let form = message;
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      try {
        return await once(channel, form, options);
      } catch (error) {
        const fault = faultOf(error);
        if (fault.kind === 'form' && form === message) form = plain(message);
        else if (fault.kind === 'gone' || fault.kind === 'refused' || fault.kind === 'form') throw error;
        else await pause(waitOf(fault, failures, log), undefined, { signal });
      }
    }
  };

  return {
    post(channel, message, options = {}) {
      const before = channels.get(channel) ?? Promise.resolve();
      const posted = before.then(() => persistently(channel, message, options));
      const after = posted
        .catch(() => undefined)
        .then(() => pause(spacingMs, undefined, { signal, ref: false }).catch(() => undefined));
      channels.set(channel, after);
      void after.then(() => channels.get(channel) === after && channels.delete(channel));
      return posted;
    },
  };
}

function waitOf(fault: Fault, failures: number, log: Logger): number {
  if (fault.kind === 'limited') {
    log.warn({ event: 'chat.limited', ms: fault.retryMs }, `Slack wants no posts for ${fault.retryMs} ms`);
    return fault.retryMs;
  }
  if (failures === 0) log.warn({ why: fault.why }, 'Slack takes no posts now; trying again');
  return Math.min(30_000, 250 * 2 ** failures);
}
