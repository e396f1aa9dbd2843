import { SpanKind } from '@opentelemetry/api';
import type { Logger } from '../log';
import { messageAge, messagesHandled } from '../metrics';
import { inSpan } from '../tracing';
import type { IncomingMessage, MessageHandler } from './queue';

export interface Handling {
  /** OpenTelemetry's `messaging.system`. */
  readonly system: string;
  readonly queue: string;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

/** Runs the handler inside a span that continues the publisher's trace, and counts it. Rejects as the handler does. */
export async function handleTraced(
  { system, queue, handler, log }: Handling,
  message: IncomingMessage,
  ageSeconds: number,
): Promise<void> {
  const { id, headers, attempt } = message;
  const attributes = {
    'messaging.system': system,
    'messaging.destination.name': queue,
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.message.id': id,
    'messaging.message.delivery_count': attempt,
  };
  const finish = messagesHandled.startTimer({ queue });
  messageAge.observe({ queue }, ageSeconds);
  try {
    await inSpan(`process ${queue}`, { kind: SpanKind.CONSUMER, parent: headers, attributes }, async () => {
      if (attempt > 1)
        log.info({ event: 'message.redelivered', queue, id, attempt }, `Message ${id} is delivered again`);
      await handler(message);
    });
    finish({ outcome: 'done' });
  } catch (error) {
    finish({ outcome: 'failed' });
    throw error;
  }
}

/** A delivery that failed: what, why, and what comes of it. */
export interface Failure {
  readonly queue: string;
  readonly id: string;
  readonly attempt: number;
  readonly text: string;
  readonly error?: unknown;
}

/** Says in the log that a delivery failed; with `pauseMs` undefined the message is dead. */
export function logFailure(log: Logger, { queue, id, attempt, text, error }: Failure, pauseMs?: number): void {
  const fields = { queue, id, attempt, ...(error !== undefined && { error }) };
  if (pauseMs === undefined) log.error({ event: 'message.dead', ...fields }, `${text}; it is put aside as dead`);
  else log.warn(fields, `${text}; it is delivered again in ${pauseMs / 1000} s`);
}

const REASON_LIMIT = 300;

/** Why a message is dead, for `DeadMessage.reason`: one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').slice(0, REASON_LIMIT);
}
