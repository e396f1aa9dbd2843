import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../../platform/errors';
import { type PasswordOf, TELEMETRY_USER } from './names';

/** One call of a server's HTTP API; all of them may be made again. */
export interface SetupCall {
  readonly server: string;
  readonly method: 'PUT' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Answers beside 2xx that mean: it is there already. */
  readonly already?: RegExp;
  /** Said when the server does not come round: its usual cause. */
  readonly hint?: string;
}

/** Rights that only a server's API can give: tokens of Consul, users of Elasticsearch. */
export function setupCalls(environments: readonly string[], password: PasswordOf): SetupCall[] {
  return [
    ...environments.flatMap((environment) => consulCalls(environment, password)),
    ...elasticsearchCalls(password),
  ];
}

/** What Edwin does in a datacenter, and what a name server does there. */
const consulPolicies = {
  edwin: `node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" } session_prefix "" { policy = "write" }
    service_prefix "" { policy = "write" } key_prefix "edwin/" { policy = "write" }`,
  dns: 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
} as const;

function consulCalls(environment: string, password: PasswordOf): SetupCall[] {
  const call = (path: string, body: unknown): SetupCall => ({
    server: `consul-${environment}`,
    method: 'PUT',
    url: `http://consul-${environment}:8500/v1/acl/${path}`,
    headers: { 'x-consul-token': password(`CONSUL_MANAGEMENT_${environment}`) },
    body,
    already: /already (exists|in use)/i,
  });
  const token = (policy: keyof typeof consulPolicies, secret: string): SetupCall =>
    call('token', { SecretID: secret, Description: policy, Policies: [{ Name: policy }] });
  return [
    call('policy', { Name: 'edwin', Rules: consulPolicies.edwin }),
    call('policy', { Name: 'dns', Rules: consulPolicies.dns }),
    token('edwin', password(`CONSUL_${environment}`)),
    token('dns', password(`CONSUL_DNS_${environment}`)),
  ];
}

/** What platform/telemetry/elasticsearch.ts asks for, and no more. */
const telemetryRole = {
  cluster: ['monitor', 'manage_index_templates'],
  indices: [
    {
      names: ['traces-*.otel-*', 'logs-*.otel-*'],
      privileges: ['read', 'view_index_metadata', 'create_doc', 'auto_configure', 'delete', 'manage'],
    },
  ],
};

function elasticsearchCalls(password: PasswordOf): SetupCall[] {
  const authorization = `Basic ${Buffer.from(`elastic:${password('ELASTICSEARCH')}`).toString('base64')}`;
  const call = (method: 'PUT' | 'POST', path: string, body: unknown): SetupCall => ({
    server: 'elasticsearch',
    method,
    url: `http://elasticsearch:9200/_security/${path}`,
    headers: { authorization },
    body,
    hint: 'On a disk that is nearly full it places no new index, also not that of its own users',
  });
  return [
    call('PUT', 'role/edwin_telemetry', telemetryRole),
    call('PUT', `user/${TELEMETRY_USER}`, { password: password('ELASTICSEARCH_EDWIN'), roles: ['edwin_telemetry'] }),
    call('POST', 'user/kibana_system/_password', { password: password('KIBANA') }),
  ];
}

const PATIENCE_MS = 90_000;
const PAUSE_MS = 500;

/**
 * Makes the calls, one after the other; a server that is still starting is waited for.
 * @throws `start.server-refused` naming the server and its answer, never what was sent
 */
export async function makeCalls(
  calls: readonly SetupCall[],
  say: (text: string) => void,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const limit = Date.now() + patienceMs;
  for (const call of calls) {
    for (let answer = await make(call); answer !== 'done'; answer = await make(call)) {
      const tired = Date.now() > limit;
      if (!answer.again || tired) {
        const refusal = `${call.server} refused ${new URL(call.url).pathname}: ${answer.why}.`;
        throw new EdwinError('start.server-refused', tired && call.hint ? `${refusal} ${call.hint}.` : refusal);
      }
      await pause(PAUSE_MS);
    }
  }
  say(`Rights are given in ${[...new Set(calls.map(({ server }) => server))].join(', ')}.`);
}

async function make({
  method,
  url,
  headers,
  body,
  already,
}: SetupCall): Promise<'done' | { again: boolean; why: string }> {
  try {
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = (await response.text()).slice(0, 300);
    if (response.ok || already?.test(text)) return 'done';
    // Consul answers 403 or 500 while it elects its leader and reads its own tokens for the first time, Elasticsearch 401
    // while the index of its own users has no place yet.
    return {
      again: response.status >= 500 || [401, 403, 429].includes(response.status),
      why: `${response.status} ${text}`,
    };
  } catch (error) {
    return { again: true, why: (error as Error).message };
  }
}
