import { z } from 'zod';
import type { RegisteredInstance, Registration } from './registry';

/**
 * How an entry is written into Consul: a service with one check of type TTL, marked by a tag. The check's notes hold
 * the registration as it was given, its output when and with which note somebody vouched for it last.
 */
export const mark = 'edwin';
/** Checks of ours, and those by which Consul knows whether a node lives. */
export const oursAndNodes = `"${mark}" in ServiceTags or CheckID == "serfHealth"`;
export const ours = `"${mark}" in ServiceTags`;

export const checkIdOf = (id: string): string => `${mark}:${id}`;

const checkSchema = z.object({
  Node: z.string(),
  CheckID: z.string(),
  Status: z.string(),
  Notes: z.string(),
  Output: z.string(),
  ServiceID: z.string(),
});
export type Check = z.infer<typeof checkSchema>;
/** Answer of `/v1/health/state/any`. */
export const checksSchema = z.array(checkSchema);
/** Answer of `/v1/agent/checks`. */
export const agentChecksSchema = z.record(z.string(), checkSchema);

const registrationSchema = z.object({
  id: z.string(),
  service: z.string(),
  release: z.number(),
  host: z.string(),
  address: z.object({ host: z.string(), port: z.number() }).optional(),
  ttlSeconds: z.number(),
});

export function notesOf({ id, service, release, host, address, ttlSeconds }: Registration): string {
  const listening = address && { address: { host: address.host, port: address.port } };
  return JSON.stringify({ id, service, release, host, ...listening, ttlSeconds });
}

/** Undefined for a check that somebody else made or changed. */
export function registrationOf({ Notes, ServiceID }: Check): Registration | undefined {
  try {
    const { address, ...rest } = registrationSchema.parse(JSON.parse(Notes));
    return rest.id === ServiceID ? { ...rest, ...(address && { address }) } : undefined;
  } catch {
    return undefined;
  }
}

/** What a check's output says after a report. */
export function outputOf(note: string, at = new Date()): string {
  return `${at.toISOString()} ${note}`;
}

/**
 * Consul puts `TTL expired` before the last output when nobody vouched in time. `nodeLives` is false when its agent is
 * gone: then nobody can vouch for it.
 */
export function instanceOf(check: Check, nodeLives = true): RegisteredInstance | undefined {
  const registration = registrationOf(check);
  if (registration === undefined) return undefined;
  const said = /(\d{4}-\d\d-\d\dT[\d:.]+Z) ?(.*)$/s.exec(check.Output);
  const expired = !nodeLives || check.Output.startsWith('TTL expired');
  return {
    ...registration,
    health: expired ? 'expired' : check.Status === 'passing' ? 'passing' : 'critical',
    note: said?.[2] ?? '',
    reportedAt: new Date(said?.[1] ?? 0),
  };
}
