/** Namespace of Edwin's own telemetry, where the traces of commands and operations are. */
const OWN_ENVIRONMENT = 'edwin';

/** Addresses on the page that messages link to. */
export function traceUrl(publicUrl: string, traceId: string, environment: string = OWN_ENVIRONMENT): string {
  return `${root(publicUrl)}/#/traces/${encodeURIComponent(environment)}/${encodeURIComponent(traceId)}`;
}

export function boardUrl(publicUrl: string): string {
  return `${root(publicUrl)}/`;
}

const root = (publicUrl: string): string => publicUrl.replace(/\/+$/, '');
