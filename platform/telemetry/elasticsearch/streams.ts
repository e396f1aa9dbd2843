import { DATASET } from '../telemetry';

const NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/;

/**
 * Name of the data stream that holds an environment's spans or logs. Always a whole name, never a pattern: a pattern
 * would leave out what the credentials may not see, where a name is refused.
 * A dash separates the parts of such a name, so one within an environment's name becomes an underscore, which the
 * catalog allows in no name.
 * @returns undefined for an environment that no stream can be named after.
 */
export function streamOf(type: 'traces' | 'logs', environment: string): string | undefined {
  return NAME.test(environment) ? `${type}-${DATASET}-${environment.replaceAll('-', '_')}` : undefined;
}

/** All streams of Edwin's, of every environment. */
export const everyStream = [`traces-${DATASET}-*`, `logs-${DATASET}-*`];

/** Where each fact that reads ask for stands in a document; the same in the server's own templates and in ours. */
export const field = {
  service: 'resource.attributes.service.name',
  version: 'resource.attributes.service.version',
  instance: 'resource.attributes.service.instance.id',
  exactTime: 'attributes.timestamp.us',
  text: 'body.text',
} as const;
