import { flushTelemetry, runProgram } from '../platform/program';
import { openTelemetry } from '../platform/telemetry/open';
import { createBuffer } from './buffer';
import { createReceiver } from './receiver';
import { parseTokens } from './tokens';

const FLUSH_LIMIT_MS = 8_000;

/** Takes telemetry over OTLP/HTTP from every program and is the one writer to the store. */
runProgram('observability', ['observability'], async ({ config, log, onStop, serve, addHealthCheck }) => {
  const environmentOf = parseTokens(config.OTLP_TOKENS);
  const store = await openTelemetry(config.TELEMETRY_URL, { log, keepDays: config.TELEMETRY_DAYS });
  onStop('telemetry store', () => store.close());
  const buffer = createBuffer({ store, log });
  onStop('telemetry buffer', () => buffer.close(FLUSH_LIMIT_MS));
  addHealthCheck(() => buffer.trouble());
  await serve(createReceiver({ environmentOf, offer: buffer.offer, log }));
  // Closed first: this program sends its telemetry to itself, which it can only while it still listens.
  onStop('own telemetry', () => (globalThis as { edwinFlushTelemetry?: () => Promise<void> }).edwinFlushTelemetry?.());
  // It is its own receiver: what it has to tell of itself goes out while it still listens.
  onStop('own telemetry', flushTelemetry);
});
