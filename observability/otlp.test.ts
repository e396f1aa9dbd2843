import { attributesOf, hexId, microsecondsOf, plainValue } from './otlp';
import { spanDocuments } from './spans';

describe('values of OTLP', () => {
  it('attributes become scalars and lists under dotted keys', () => {
    const pairs = [
      { key: 'text', value: { stringValue: 'a' } },
      { key: 'count', value: { intValue: '42' } },
      { key: 'share', value: { doubleValue: 0.5 } },
      { key: 'yes', value: { boolValue: true } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
      { key: 'nothing', value: {} },
      { key: 'infinite', value: { doubleValue: 'Infinity' } },
      { key: 'deep', value: { kvlistValue: { values: [{ key: 'er', value: { stringValue: 'b' } }] } } },
      { key: 'lists', value: { arrayValue: { values: [{ arrayValue: { values: [{ intValue: 1 }] } }] } } },
    ];
    expect(attributesOf(pairs)).toEqual({
      text: 'a',
      count: 42,
      share: 0.5,
      yes: true,
      list: ['a', 1],
      'deep.er': 'b',
      lists: '[[1]]',
    });
  });

  it('nesting without end is cut', () => {
    let value: object = { stringValue: 'bottom' };
    for (let depth = 0; depth < 10_000; depth += 1) value = { arrayValue: { values: [value] } };
    expect(JSON.stringify(plainValue(value))).not.toContain('bottom');
  });

  it.each<[unknown, number | undefined]>([
    ['1795420800123456789', 1_795_420_800_123_456],
    [1_795_420_800_123_456_800, 1_795_420_800_123_456],
    ['0', undefined],
    [undefined, undefined],
    ['tomorrow', undefined],
    ['999999999999999999999', undefined],
    [-5, undefined],
  ])('time %s is %s µs', (nanoseconds, expected) => {
    expect(microsecondsOf(nanoseconds)).toBe(expected);
  });

  it.each<[unknown, string | undefined]>([
    ['AC01E30FF155A757', 'ac01e30ff155a757'],
    ['0000000000000000', undefined],
    ['ac01', undefined],
    ['zz01e30ff155a757', undefined],
    [7, undefined],
  ])('id %s is %s', (sent, expected) => {
    expect(hexId(sent, 16)).toBe(expected);
  });
});

it('a span without ids or time is refused by name, its neighbours are taken', () => {
  const good = {
    traceId: 'a024c9fa73d96a454b56bf31f7be4f9e',
    spanId: 'ac01e30ff155a757',
    startTimeUnixNano: '1795420800123000000',
  };
  const request = {
    resourceSpans: [
      { scopeSpans: [{ spans: [{ ...good, traceId: '' }, { ...good, startTimeUnixNano: '0', name: 'x' }, good] }] },
    ],
  };
  const { documents, refused } = spanDocuments(request, 'dev');
  expect(refused).toEqual(['span "" has no valid traceId and spanId', 'span "x" has no startTimeUnixNano']);
  expect(documents).toMatchObject([
    {
      span: {
        kind: 'Internal',
        duration: 0,
        status: {},
        resource: { attributes: { 'service.name': 'unknown_service', 'host.name': 'unknown', 'agent.name': 'otlp' } },
      },
    },
  ]);
});
