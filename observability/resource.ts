import type { Attributes } from '../platform/telemetry/telemetry';
import { attributesOf, type KeyValue, type OtlpScope } from './otlp';

/**
 * Attributes of a resource as the store keeps them. The environment is the one the token belongs to, whatever the
 * resource says; `host.name` is always set, since logs are sorted by it.
 */
export function resourceOf(pairs: readonly KeyValue[] | undefined, environment: string): Attributes {
  const sent = attributesOf(pairs);
  const language = sent['telemetry.sdk.language'];
  const sdk = sent['telemetry.sdk.name'] ?? 'otlp';
  return {
    'service.name': 'unknown_service',
    'host.name': sent['service.instance.id'] ?? 'unknown',
    'agent.name': language === undefined ? sdk : `${String(sdk)}/${String(language)}`,
    'agent.version': sent['telemetry.sdk.version'] ?? 'unknown',
    ...sent,
    'deployment.environment.name': environment,
    'deployment.environment': environment,
  };
}

export function scopeOf(scope: OtlpScope | undefined): { scope?: { name: string; version?: string } } {
  if (!scope?.name) return {};
  return { scope: { name: scope.name, ...(scope.version && { version: scope.version }) } };
}
