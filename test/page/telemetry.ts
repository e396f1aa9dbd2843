import type { TelemetryDocument } from '../../platform/telemetry/telemetry';
import { newSpanId, sampleLog, sampleSpan } from '../documents';

export const MESSAGE_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** A student's message through all services, and a quarter of an hour of traffic before it. */
export function evidence(now: number): TelemetryDocument[] {
  return [...messageTrace(now - 20_000), ...traffic(now)];
}

function messageTrace(start: number): TelemetryDocument[] {
  const at = (ms: number): Date => new Date(start + ms);
  const [webhook, save, handle, send] = [newSpanId(), newSpanId(), newSpanId(), newSpanId()] as const;
  const common = { environment: 'stage', traceId: MESSAGE_TRACE };
  return [
    sampleSpan({
      ...common,
      spanId: webhook,
      at: at(0),
      ms: 12,
      service: 'gateway',
      version: '16',
      name: 'POST /webhook',
    }),
    sampleSpan({
      ...common,
      spanId: save,
      parent: webhook,
      at: at(3),
      ms: 7,
      service: 'mailer',
      version: '9',
      name: 'POST /messages',
    }),
    sampleSpan({
      ...common,
      parent: save,
      at: at(5),
      ms: 3,
      service: 'mailer',
      version: '9',
      name: 'INSERT mailer.messages',
      kind: 'Client',
    }),
    sampleSpan({
      ...common,
      spanId: handle,
      parent: save,
      at: at(14),
      ms: 41,
      service: 'bot',
      version: '42',
      name: 'process bot.messages',
      kind: 'Consumer',
    }),
    sampleSpan({
      ...common,
      parent: handle,
      at: at(18),
      ms: 9,
      service: 'bot',
      version: '42',
      name: 'SELECT bot.students',
      kind: 'Client',
    }),
    sampleSpan({
      ...common,
      spanId: send,
      parent: handle,
      at: at(58),
      ms: 26,
      service: 'gateway',
      version: '16',
      name: 'process gateway.replies',
      kind: 'Consumer',
    }),
    sampleSpan({
      ...common,
      parent: send,
      at: at(61),
      ms: 20,
      service: 'gateway',
      version: '16',
      name: 'POST /me/messages',
      kind: 'Client',
      failed: true,
    }),
    sampleLog({ ...common, at: at(6), text: 'Saved message 3 of student 5121', service: 'mailer' }),
    sampleLog({ ...common, at: at(50), text: 'Answered with item a2-past-014', service: 'bot' }),
    sampleLog({
      ...common,
      at: at(80),
      text: 'The Send API said: rate limited, will try again',
      service: 'gateway',
      severity: 17,
    }),
  ];
}

function traffic(now: number): TelemetryDocument[] {
  const documents: TelemetryDocument[] = [];
  for (let second = 0; second < 900; second += 5) {
    const wave = 3 + Math.round(2 * Math.sin(second / 140));
    for (let index = 0; index < wave; index += 1) {
      const id = `${(second * 10 + index).toString(16).padStart(8, '0')}${'c'.repeat(24)}`;
      const failed = second % 300 === 150 && index === 0;
      documents.push(
        sampleSpan({
          environment: 'stage',
          traceId: id,
          at: new Date(now - second * 1000),
          ms: 60 + ((second * 7 + index * 13) % 40),
          service: 'bot',
          version: '41',
          name: 'process bot.messages',
          kind: 'Consumer',
          failed,
        }),
      );
    }
  }
  return documents;
}
