import { z } from 'zod';
import { EdwinError } from '../platform/errors';
import type { ReleaseSnapshot } from '../platform/fleet/fleet';

/** Addresses and token of one environment, credentials included. They are in this object and in its instances, nowhere else. */
const environment = z.object({
  database: z.string().min(1),
  queue: z.string().min(1),
  graph: z.string().min(1),
  registry: z.string().min(1),
  /** Bearer token under which its instances send telemetry. */
  otlp: z.string().min(1),
});
export type EnvironmentAccess = z.infer<typeof environment>;

/** @throws `config.invalid`, without the text, which holds passwords */
export function readEnvironments(json: string): Map<string, EnvironmentAccess> {
  try {
    return new Map(Object.entries(z.record(z.string(), environment).parse(JSON.parse(json))));
  } catch {
    throw new EdwinError('config.invalid', 'EDWIN_ENVIRONMENTS is not what `edwin up` writes.');
  }
}

/** Variables that connect an instance: only what its release needs, and where its telemetry goes. */
export function connectionsOf(
  access: EnvironmentAccess,
  snapshot: Pick<ReleaseSnapshot, 'needs'>,
  otlpEndpoint: string | undefined,
): Record<string, string> {
  const { needs } = snapshot;
  return {
    ...(needs.includes('database') && { DATABASE_URL: access.database }),
    ...(needs.includes('queue') && { QUEUE_URL: access.queue }),
    ...(needs.includes('graph') && { GRAPH_URL: access.graph }),
    ...(otlpEndpoint !== undefined && {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${access.otlp}`,
    }),
  };
}
