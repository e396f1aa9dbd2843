import { createHash } from 'node:crypto';
import type { Client, estypes } from '@elastic/elasticsearch';
import type { Logger } from '../../log';
import { DATASET } from '../telemetry';
import { keepsDataStreams } from './retention';

/** Elasticsearch's own, of a whole distribution since 8.16; an own one beside them would be a rival. */
const builtIn = 'traces-otel@template';

const keyword = { type: 'keyword', ignore_above: 1024 } as const;
const passthrough = (priority: number) => ({ type: 'passthrough', dynamic: true, priority }) as const;

/** Fields that both kinds have, from types that every server knows; names and types as in the built-in templates. */
const shared: Record<string, estypes.MappingProperty> = {
  '@timestamp': { type: 'date' },
  data_stream: { properties: { type: keyword, dataset: keyword, namespace: keyword } },
  trace_id: { type: 'keyword' },
  'trace.id': { type: 'alias', path: 'trace_id' },
  span_id: { type: 'keyword' },
  'span.id': { type: 'alias', path: 'span_id' },
  attributes: passthrough(20) as estypes.MappingProperty,
  scope: { properties: { name: keyword, version: keyword } },
  resource: { properties: { attributes: passthrough(40) as estypes.MappingProperty } },
};

const own: Record<'traces' | 'logs', Record<string, estypes.MappingProperty>> = {
  traces: {
    ...shared,
    parent_span_id: { type: 'keyword' },
    'parent.id': { type: 'alias', path: 'parent_span_id' },
    name: keyword,
    'span.name': { type: 'alias', path: 'name' },
    kind: { type: 'keyword' },
    duration: { type: 'long', meta: { unit: 'nanos' } },
    links: { properties: { trace_id: { type: 'keyword' }, span_id: { type: 'keyword' } } },
    status: { properties: { message: keyword, code: { type: 'keyword' } } },
  },
  logs: {
    ...shared,
    observed_timestamp: { type: 'date' },
    severity_number: { type: 'byte' },
    severity_text: { type: 'keyword' },
    'log.level': { type: 'alias', path: 'severity_text' },
    event_name: keyword,
    body: {
      properties: { text: { type: 'text', norms: false }, structured: { type: 'flattened', ignore_above: 1024 } },
    },
    message: { type: 'alias', path: 'body.text' },
  },
};

/** Pure: the template for a server that brings none. Should the server bring its own one day, that one wins (120). */
function ownTemplate(type: 'traces' | 'logs') {
  return {
    index_patterns: [`${type}-${DATASET}-*`],
    priority: 119,
    data_stream: {},
    template: {
      settings: {
        'index.mapping.ignore_malformed': true, // an attribute whose type changes costs its own index, not the document
        'index.mapping.total_fields.ignore_dynamic_beyond_limit': true,
        'index.auto_expand_replicas': '0-1',
      },
      mappings: {
        date_detection: false,
        dynamic: false,
        dynamic_templates: [{ strings: { match_mapping_type: 'string' as const, mapping: keyword } }],
        properties: own[type],
      },
    },
  };
}

/**
 * Pure: what is added to the server's own templates by the hook that they have for it. The source is stored as it came:
 * one put together again from the index comes back with other numbers and lists.
 */
function addition(keepsStreams: boolean) {
  const lifecycle = keepsStreams ? { 'index.lifecycle.prefer_ilm': false } : {};
  return { template: { settings: { 'index.mapping.source.mode': 'stored', ...lifecycle } } };
}

/** Makes the server ready for documents; writes only what is not there as it should be. */
export async function prepare(client: Client, log: Logger): Promise<void> {
  const hasOwn = await client.indices.existsIndexTemplate({ name: builtIn });
  const keepsStreams = hasOwn && (await keepsDataStreams(client));
  for (const type of ['traces', 'logs'] as const) {
    if (hasOwn) await add(client, `${type}-otel@custom`, keepsStreams, log);
    else await install(client, type);
  }
}

async function install(client: Client, type: 'traces' | 'logs'): Promise<void> {
  const name = `edwin-${type}`;
  const wanted = marked(ownTemplate(type));
  const found = await client.indices.getIndexTemplate({ name }, { ignore: [404] });
  if (found.index_templates?.[0]?.index_template._meta?.['edwin'] === wanted._meta.edwin) return;
  await client.indices.putIndexTemplate({ name, ...wanted });
}

async function add(client: Client, name: string, keepsStreams: boolean, log: Logger): Promise<void> {
  const wanted = marked(addition(keepsStreams));
  const found = await client.cluster.getComponentTemplate({ name }, { ignore: [404] });
  const there = found.component_templates?.[0]?.component_template;
  if (there?._meta?.['edwin'] === wanted._meta.edwin) return;
  if (there !== undefined && there._meta?.['edwin'] === undefined) {
    log.warn({ template: name }, `The component template ${name} is somebody else's and stays as it is`);
    return;
  }
  await client.cluster.putComponentTemplate({ name, ...wanted });
}

/** With a mark by which it is known as ours, and as this very content. */
function marked<T extends object>(content: T): T & { _meta: { edwin: string } } {
  const mark = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { ...content, _meta: { edwin: mark } };
}
