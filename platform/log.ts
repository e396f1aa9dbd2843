import pino, { type Logger as PinoLogger } from 'pino';
import type { EventName } from './events';

/**
 * Logs are JSON lines on stdout; the OpenTelemetry instrumentation adds trace ids and sends them to observability.
 * Fields named like secrets are removed before anything is written.
 */
export interface Logger {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
  child(fields: Record<string, unknown>): Logger;
}

/** `error` is written with type, message and stack. */
export type LogFields = { event?: EventName; error?: unknown } & Record<string, unknown>;

const secretFields = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'appSecret',
  'url.password',
];

export function createLogger(name: string, level = 'info'): Logger {
  return wrap(
    pino({
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      redact: {
        paths: secretFields.flatMap((field) => (field.includes('.') ? [field] : [field, `*.${field}`])),
        remove: true,
      },
    }),
  );
}

/** For tests and tools that must stay quiet. */
export const silent: Logger = wrap(pino({ level: 'silent' }));

function wrap(inner: PinoLogger): Logger {
  return {
    debug: (fields, text) => inner.debug(named(fields), text),
    info: (fields, text) => inner.info(named(fields), text),
    warn: (fields, text) => inner.warn(named(fields), text),
    error: (fields, text) => inner.error(named(fields), text),
    child: (fields) => wrap(inner.child(fields)),
  };
}

/** `event.name` is the attribute OpenTelemetry knows; the store lifts it to `event_name`. */
function named({ event, ...fields }: LogFields): Record<string, unknown> {
  return event === undefined ? fields : { 'event.name': event, ...fields };
}
