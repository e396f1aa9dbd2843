import { readConfig } from '../platform/config';

/** True when spans and logs are wanted and have somewhere to go. Wrong settings are for the program itself to report. */
export function telemetryWanted(): boolean {
  try {
    const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED } = readConfig(['otel']);
    return OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && OTEL_SDK_DISABLED?.toLowerCase() !== 'true';
  } catch {
    return false;
  }
}
