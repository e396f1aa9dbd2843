import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../../platform/errors';
import type { InboundMessage } from '../../platform/messages';
import { call } from './call';

export interface Mailer {
  /**
   * Resolves when the mailer has stored all messages; safe to repeat, since it knows their ids.
   * @throws `mailer.unreachable` when it did not confirm in time
   */
  save(messages: readonly InboundMessage[]): Promise<void>;
}

/**
 * Facebook waits 20 s for the answer to a webhook, of which the edge may hold it for eight. After a host lost its
 * power, its requests are given up in about ten.
 */
const LIMIT_MS = 11_000;
/**
 * A try is short, since it may wait for a mailer whose host is lost. After each that was not answered the next may take
 * longer, the third all that is left: a mailer that is only slow would get the same messages again and again, and be
 * slower for it.
 */
const PATIENCE_MS = [2_500, 4_000] as const;
const PAUSES_MS = [50, 150, 400, 800] as const;
const LONGEST_PAUSE_MS = 1_200;
/** What the mailer takes in one call. */
const BATCH = 100;

export function mailerAt(url: string, token: string): Mailer {
  const post = async (messages: readonly InboundMessage[], limitMs: number): Promise<void> => {
    const { status, text } = await call(`${url}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages }),
      limitMs,
    });
    if (status < 200 || status > 299) throw new Refusal(status, text.slice(0, 300));
  };

  const saveBatch = async (messages: readonly InboundMessage[], limit: number): Promise<void> => {
    let unanswered = 0;
    for (let attempt = 0; ; attempt++) {
      const left = Math.max(1, limit - Date.now());
      try {
        return await post(messages, Math.min(PATIENCE_MS[unanswered] ?? left, left));
      } catch (error) {
        if ((error as { code?: unknown }).code === 'TIMEOUT') unanswered += 1;
        const wait = PAUSES_MS[attempt] ?? LONGEST_PAUSE_MS;
        if (Date.now() + wait >= limit || (error instanceof Refusal && !error.mayPass)) {
          throw new EdwinError(
            'mailer.unreachable',
            `The mailer did not save ${messages.length} messages: ${reason(error)}.`,
            { cause: error },
          );
        }
        await pause(wait);
      }
    }
  };

  return {
    save: async (messages) => {
      const limit = Date.now() + LIMIT_MS;
      for (let from = 0; from < messages.length; from += BATCH)
        await saveBatch(messages.slice(from, from + BATCH), limit);
    },
  };
}

class Refusal extends Error {
  readonly mayPass: boolean;

  constructor(status: number, answer: string) {
    super(`it answered ${status} ${answer}`);
    this.mayPass = status >= 500 || status === 429 || status === 404;
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code); // several addresses refused: no message
}
