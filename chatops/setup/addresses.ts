import { type PasswordOf, REGISTRY_USER, TELEMETRY_USER } from './names';

/**
 * Where the programs of the composed system find its servers: settings of `edwin up`, credentials included, kept in
 * the data folder. The names are those of docker-compose.yml.
 */
export function composedSettings(
  environments: readonly string[],
  password: PasswordOf,
  { registryPort }: { readonly registryPort: number },
): Record<string, string> {
  const common = {
    POSTGRES_URL: `postgres://postgres:${password('POSTGRES')}@postgres:5432/postgres`,
    TELEMETRY_URL: `elasticsearch+http://${TELEMETRY_USER}:${password('ELASTICSEARCH_EDWIN')}@elasticsearch:9200`,
    // The engine reaches the registry where it is published, Edwin in the network that both are on.
    IMAGES_URL: `registry+http://${REGISTRY_USER}:${password('REGISTRY')}@127.0.0.1:${registryPort}/edwin?api=http://registry:5000`,
  };
  const own = environments.map((environment) => {
    const prefix = environment.toUpperCase().replaceAll('-', '_');
    return {
      [`${prefix}_QUEUE_URL`]: `amqp://${environment}:${password(`RABBITMQ_${environment}`)}@rabbitmq:5672/${environment}`,
      [`${prefix}_REGISTRY_URL`]: `consul+http://:${password(`CONSUL_${environment}`)}@consul-${environment}:8500/${environment}`,
      [`${prefix}_GRAPH_URL`]: `bolt://neo4j:${password(`NEO4J_${environment}`)}@neo4j-${environment}:7687`,
    };
  });
  return Object.assign({}, common, ...own);
}
