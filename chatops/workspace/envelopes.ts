import { randomUUID } from 'node:crypto';
import { isObject, type Json } from './json';
import type { Timing } from './timing';

/** Events that wait for a connection; beyond it the oldest is given up. */
const MOST_WAITING = 1000;

/** What became of something a person did. `payload` is what the app answered with its acknowledgement. */
type Outcome =
  | { readonly ok: true; readonly payload: Json }
  | { readonly ok: false; readonly error: 'operation_timeout' | 'dispatch_failed' };

export interface Envelopes {
  /**
   * A command, button or modal: delivered once, to one connection, and given three seconds.
   * Nobody connected: `dispatch_failed`; no acknowledgement: `operation_timeout`.
   */
  ask(type: 'slash_commands' | 'interactive', payload: Json): Promise<Outcome>;
  /** An event: delivered at least once, again under the same envelope id while nobody acknowledges it. */
  tell(payload: Json): void;
  /** A frame from a connection. */
  acknowledged(frame: string): void;
  /** A connection has come: what waited for one goes out. */
  flush(): void;
  close(): void;
}

interface Event {
  readonly id: string;
  readonly payload: Json;
  attempt: number;
  timer: NodeJS.Timeout | undefined;
}

export function createEnvelopes(
  send: (frame: string) => boolean,
  timing: Timing,
  pause: () => Promise<void>,
): Envelopes {
  const asked = new Map<string, (payload: Json) => void>();
  const told = new Map<string, Event>();

  const deliver = (event: Event): void => {
    clearTimeout(event.timer);
    event.timer = undefined;
    const retry = event.attempt === 0 ? {} : { retry_attempt: event.attempt, retry_reason: 'timeout' };
    const frame = {
      envelope_id: event.id,
      type: 'events_api',
      payload: event.payload,
      accepts_response_payload: false,
      ...retry,
    };
    if (!send(JSON.stringify({ retry_attempt: 0, retry_reason: '', ...frame }))) return;
    const offset = event.attempt === 0 ? 0 : (timing.redeliver[event.attempt - 1] ?? 0);
    const next = timing.redeliver[event.attempt];
    event.timer = setTimeout(
      () => {
        event.attempt += 1;
        if (next === undefined) told.delete(event.id);
        else deliver(event);
      },
      next === undefined ? timing.acknowledge : next - offset,
    );
  };

  return {
    async ask(type, payload) {
      await pause();
      const envelope = { envelope_id: randomUUID(), type, payload, accepts_response_payload: true };
      return new Promise<Outcome>((resolve) => {
        const finish = (outcome: Outcome): void => {
          clearTimeout(timer);
          asked.delete(envelope.envelope_id);
          resolve(outcome);
        };
        const timer = setTimeout(() => finish({ ok: false, error: 'operation_timeout' }), timing.acknowledge);
        asked.set(envelope.envelope_id, (answer) => finish({ ok: true, payload: answer }));
        if (!send(JSON.stringify(envelope))) finish({ ok: false, error: 'dispatch_failed' });
      });
    },
    tell(payload) {
      const event: Event = { id: randomUUID(), payload, attempt: 0, timer: undefined };
      told.set(event.id, event);
      const oldest = told.keys().next().value;
      if (told.size > MOST_WAITING && oldest !== undefined) {
        clearTimeout(told.get(oldest)?.timer);
        told.delete(oldest);
      }
      void pause().then(() => {
        if (told.has(event.id) && event.timer === undefined) deliver(event);
      });
    },
    acknowledged(frame) {
      const answer = parse(frame);
      const id = String(answer?.['envelope_id']);
      const payload = answer?.['payload'];
      asked.get(id)?.(isObject(payload) ? payload : {});
      clearTimeout(told.get(id)?.timer);
      told.delete(id);
    },
    flush() {
      for (const event of told.values()) if (event.timer === undefined) deliver(event);
    },
    close() {
      for (const event of told.values()) clearTimeout(event.timer);
      told.clear();
      asked.clear();
    },
  };
}

function parse(frame: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
