import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import type { Logger } from '../../platform/log';
import { inSpan } from '../../platform/tracing';
import type { DeliveryFigures } from './figures';
import { signature } from './notifications';
import type { WebhookCall, WebhookCalls } from './webhook-calls';

export interface DeliveryDeps {
  readonly calls: WebhookCalls;
  readonly webhookUrl: (environment: string) => string;
  readonly appSecret: (environment: string) => string;
  readonly figures: DeliveryFigures;
  /** A student's message has got its final state. */
  readonly settled: (environment: string, student: string, message: number, state: 'delivered' | 'undelivered') => void;
  readonly log: Logger;
}

export interface Delivery {
  /** There is a call for this student. */
  wake(environment: string, student: string): void;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 30_000;
/** Facebook gives up after hours; a local page need not. */
const PATIENCE_MS = 3_600_000;

/**
 * Calls webhooks, each student's in order, and again with growing pauses until one is answered with 200 or an hour has
 * passed. What is not answered when the program ends is called after its next start.
 */
export async function startDelivery({
  calls,
  webhookUrl,
  appSecret,
  figures,
  settled,
  log,
}: DeliveryDeps): Promise<Delivery> {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every student who waits for a delivery may wait for it
  /** Students being served; `again`: something came meanwhile. */
  const busy = new Map<string, { again: boolean; done: Promise<void> }>();

  const call = async (environment: string, { body, headers }: WebhookCall): Promise<boolean> => {
    const began = performance.now();
    const ok = await inSpan('call webhook', { kind: SpanKind.CLIENT, parent: headers }, async () => {
      const response = await fetch(webhookUrl(environment), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature(body, appSecret(environment)) },
        body,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), stopping.signal]),
      });
      await response.arrayBuffer();
      return response.status === 200;
    }).catch(() => false);
    if (!stopping.signal.aborted) figures.called(environment, performance.now() - began, ok);
    return ok;
  };

  const serve = async (environment: string, student: string): Promise<void> => {
    for (;;) {
      const next = await calls.first(environment, student);
      if (!next || stopping.signal.aborted) return;
      const ok = await call(environment, next);
      if (stopping.signal.aborted && !ok) return;
      if (!ok && Date.now() - next.createdAt.getTime() < PATIENCE_MS) {
        await calls.failed(next);
        log.debug(
          { environment, student, attempts: next.attempts + 1 },
          'A webhook call was not answered with 200; calling again',
        );
        await pause(Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(next.attempts, 10)), undefined, {
          signal: stopping.signal,
        }).catch(() => undefined);
        continue;
      }
      const state = ok ? 'delivered' : 'undelivered';
      if (!ok) {
        figures.abandoned(environment);
        log.warn({ environment, student }, 'A webhook call is given up after an hour');
      }
      await calls.done(next, state);
      if (next.message !== undefined) settled(environment, student, next.message, state);
    }
  };

  const wake = (environment: string, student: string): void => {
    const key = `${environment}\n${student}`;
    const running = busy.get(key);
    if (running) {
      running.again = true;
      return;
    }
    if (stopping.signal.aborted) return;
    const entry = { again: false, done: Promise.resolve() };
    busy.set(key, entry);
    entry.done = serve(environment, student)
      .catch(async (error: unknown) => {
        log.warn({ error, environment }, 'Webhook calls wait for the database');
        entry.again = true;
        await pause(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
      })
      .finally(() => {
        busy.delete(key);
        if (entry.again) wake(environment, student);
      });
  };

  for (const { environment, student } of await calls.waiting()) wake(environment, student);
  return {
    wake,
    stop: async () => {
      stopping.abort();
      await Promise.all([...busy.values()].map(({ done }) => done));
    },
  };
}
