/** Passwords of the composed system, as they are kept among the platform's own secrets, made at first use. */
type PasswordName =
  | 'POSTGRES'
  | 'ELASTICSEARCH'
  | 'ELASTICSEARCH_EDWIN'
  | 'KIBANA'
  | 'KIBANA_KEY'
  | 'REGISTRY'
  | `RABBITMQ_${string}`
  | `NEO4J_${string}`
  | `CONSUL_${string}`
  | `CONSUL_MANAGEMENT_${string}`
  | `CONSUL_DNS_${string}`;

export type PasswordOf = (name: PasswordName) => string;

/** Who pushes and pulls images, in the registry. */
export const REGISTRY_USER = 'edwin';
/** Who reads and writes telemetry, in Elasticsearch. */
export const TELEMETRY_USER = 'edwin';
