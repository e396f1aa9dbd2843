import { enrichmentOf, isTransaction, type SpanFacts } from './enrichment';

const span = (more: Partial<SpanFacts>): SpanFacts => ({
  spanId: 'ac01e30ff155a757',
  name: 'work',
  kind: 'Internal',
  durationNs: 1_500_999,
  startUs: 1,
  status: {},
  hasParent: true,
  parentIsRemote: false,
  attributes: {},
  ...more,
});

describe('what is a transaction', () => {
  it.each<[string, Partial<SpanFacts>, boolean]>([
    ['a root', { hasParent: false }, true],
    ['a span under another process', { parentIsRemote: true }, true],
    ['a span under the same process', { parentIsRemote: false, kind: 'Server' }, false],
    ['a server, when the sender says nothing of the parent', { parentIsRemote: undefined, kind: 'Server' }, true],
    ['a consumer, likewise', { parentIsRemote: undefined, kind: 'Consumer' }, true],
    ['a client, likewise, is none', { parentIsRemote: undefined, kind: 'Client' }, false],
  ])('%s', (_, facts, expected) => {
    expect(isTransaction(span(facts))).toBe(expected);
    expect(enrichmentOf(span(facts))['processor.event']).toBe(expected ? 'transaction' : 'span');
  });
});

describe('outcome and result', () => {
  const root = { hasParent: false } as const;
  it.each<[string, Partial<SpanFacts>, string, string | undefined]>([
    ['no status is success', root, 'success', 'Success'],
    ['an error is a failure', { ...root, status: { code: 'Error' } }, 'failure', 'Error'],
    ['a 503 is a failure', { ...root, attributes: { 'http.response.status_code': 503 } }, 'failure', 'HTTP 5xx'],
    [
      'a 404 answered is a success',
      { ...root, attributes: { 'http.response.status_code': 404 } },
      'success',
      'HTTP 4xx',
    ],
    ['a 404 received is a failure', { attributes: { 'http.response.status_code': 404 } }, 'failure', undefined],
    [
      'a status of Ok decides',
      { ...root, status: { code: 'Ok' }, attributes: { 'http.status_code': 500 } },
      'success',
      'HTTP 5xx',
    ],
  ])('%s', (_, facts, outcome, result) => {
    const enriched = enrichmentOf(span(facts));
    expect(enriched['event.outcome']).toBe(outcome);
    expect(enriched['event.success_count']).toBe(outcome === 'success' ? 1 : 0);
    expect(enriched['transaction.result']).toBe(result);
  });
});

describe('type and target of an inner span', () => {
  it.each<[string, Partial<SpanFacts>, Record<string, string>]>([
    [
      'a query',
      { kind: 'Client', attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'edwin_dev' } },
      {
        'span.type': 'db',
        'span.subtype': 'postgresql',
        'service.target.type': 'postgresql',
        'service.target.name': 'edwin_dev',
        'span.destination.service.resource': 'postgresql/edwin_dev',
      },
    ],
    [
      'a message sent',
      {
        kind: 'Producer',
        attributes: { 'messaging.system': 'pg-queue', 'messaging.destination.name': 'bot.messages' },
      },
      {
        'span.type': 'messaging',
        'span.subtype': 'pg-queue',
        'service.target.type': 'pg-queue',
        'service.target.name': 'bot.messages',
        'span.destination.service.resource': 'pg-queue/bot.messages',
      },
    ],
    [
      'a request',
      { kind: 'Client', attributes: { 'http.request.method': 'GET', 'server.address': 'mailer', 'server.port': 80 } },
      {
        'span.type': 'external',
        'span.subtype': 'http',
        'service.target.type': 'http',
        'service.target.name': 'mailer:80',
        'span.destination.service.resource': 'mailer:80',
      },
    ],
    ['own work', {}, { 'span.type': 'app', 'span.subtype': 'internal' }],
  ])('%s', (_, facts, expected) => {
    expect(enrichmentOf(span(facts))).toEqual({
      ...expected,
      'processor.event': 'span',
      'span.duration.us': 1_500,
      'span.representative_count': 1,
      'timestamp.us': 1,
      'event.outcome': 'success',
      'event.success_count': 1,
    });
  });
});
