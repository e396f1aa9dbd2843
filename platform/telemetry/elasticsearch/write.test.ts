import type { estypes } from '@elastic/elasticsearch';
import { fateOf } from './write';

/** Answers as Elasticsearch 9.4 gives them; those it was made to give are in the tests with a real server, too. */
const item = (status: number, type?: string, more: object = {}): estypes.BulkResponseItem => ({
  _index: 'traces-edwin.otel-stage',
  status,
  ...(type !== undefined && { error: { type, reason: `why ${type}` } }),
  ...more,
});

describe('the fate of a document', () => {
  it.each([
    ['is created', item(201), 'created'],
    ['was there before', item(409, 'version_conflict_engine_exception'), 'duplicate'],
    ['is its own fault', item(400, 'document_parsing_exception'), { retry: false }],
    ['is for lack of room', item(429, 'es_rejected_execution_exception'), { retry: true }],
    ['is for a shard that is away', item(503, 'unavailable_shards_exception'), { retry: true }],
    ['is unknown', item(500, 'illegal_state_exception'), { retry: true }],
    ['is the failure store', item(201, undefined, { failure_store: 'used' }), { retry: false }],
  ])('that %s', (_, given, expected) => {
    const fate = fateOf(given, 'search:9200');
    if (typeof expected === 'string') expect(fate).toBe(expected);
    else expect(fate).toMatchObject({ ...expected, reason: expect.stringMatching(/^(why|refused)/) });
  });

  it.each([
    ['a full disk', item(429, 'cluster_block_exception'), 'telemetry.full'],
    ['an index that somebody made read-only', item(403, 'cluster_block_exception'), 'telemetry.full'],
    ['a missing right', item(403, 'security_exception'), 'telemetry.refused'],
    ['a missing template', item(404, 'index_not_found_exception'), 'telemetry.refused'],
  ])('%s is no fate of one document but the trouble of all', (_, given, code) => {
    expect(() => fateOf(given, 'search:9200')).toThrow(expect.objectContaining({ code }));
    expect(() => fateOf(given, 'search:9200')).toThrow(/search:9200.*why/);
  });
});
