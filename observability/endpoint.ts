import { readConfig } from '../platform/config';

export interface TelemetrySettings {
  /** Names of instrumentations that are switched off: `http`, `undici`, `pg`, `pino`. */
  readonly disabled: ReadonlySet<string>;
}

/**
 * Undefined when telemetry is switched off or has nowhere to go. Wrong settings are for the program itself to report.
 */
export function telemetrySettings(): TelemetrySettings | undefined {
  try {
    const settings = readConfig(['otel']);
    if (settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
    if (settings.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
    const disabled = settings.OTEL_NODE_DISABLED_INSTRUMENTATIONS.split(',').map((name) => name.trim());
    return { disabled: new Set(disabled) };
  } catch {
    return undefined;
  }
}
