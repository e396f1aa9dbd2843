import { entry, facts, instance, NOW, server, sick, told } from './fixture-keep';
import { backoff, chores, type Facts } from './keep';
import { unseen } from './keeper-facts';

test.each<[string, Partial<Facts>, object]>([
  ['nothing is done when all is well', {}, {}],
  [
    'a missing instance is started',
    { instances: [instance('a')], registered: [entry('a')], servers: [server('a')] },
    { start: 1, drift: ['1 of 2 instances run'] },
  ],
  [
    'one that exited is replaced and forgotten',
    { instances: [instance('a'), instance('b', { state: 'exited' })] },
    { start: 1, forget: ['b', 'b'], drift: ['1 of 2 instances run'] },
  ],
  [
    'the newest of too many is stopped',
    {
      instances: [instance('a'), instance('b'), instance('c', { age: 1_000 })],
      registered: [entry('a'), entry('b'), entry('c')],
      servers: [server('a'), server('b'), server('c')],
    },
    { retire: ['c: 3 run, 2 wanted'] },
  ],
  ['one that nobody knows is made known', { registered: [entry('a')], servers: [server('a')] }, { enlist: ['b'] }],
  [
    'one whose address changed is made known anew',
    { servers: [server('a'), server('b', { address: { host: '127.0.0.1', port: 81 } })] },
    { enlist: ['b'] },
  ],
  [
    'one that was taken out of traffic comes back when it is well',
    { servers: [server('a'), server('b', { state: 'draining' })] },
    { enlist: ['b'] },
  ],
  ['one that is not healthy is taken out of traffic', { health: new Map([['b', sick(4_000)]]) }, { suspend: ['b'] }],
  [
    'but not while the others do not answer every time either: they are overloaded together',
    {
      health: new Map([
        ['a', { failures: 1, since: NOW - 2_000, note: 'no answer' }],
        ['b', sick(4_000)],
      ]),
    },
    {},
  ],
  ['two failed probes are not enough for that', { health: new Map([['b', { ...sick(2_000), failures: 2 }]]) }, {}],
  [
    'after half a minute it gets a replacement',
    { health: new Map([['b', sick(31_000)]]), servers: [server('a'), server('b', { state: 'draining' })] },
    { start: 1 },
  ],
  [
    'and is stopped when the replacement is there',
    {
      health: new Map([['b', sick(40_000)]]),
      instances: [instance('a'), instance('b'), instance('c')],
      registered: [entry('a'), entry('b'), entry('c')],
      servers: [server('a'), server('b', { state: 'draining' }), server('c')],
    },
    { retire: ['b: not healthy: 503'] },
  ],
  [
    'a leftover of our own is drained and stopped',
    {
      instances: [instance('a'), instance('b'), instance('old', { release: 1 })],
      servers: [server('a'), server('b'), server('old')],
    },
    { retire: ['old: release 1 does not serve'] },
  ],
  [
    'what belongs to nothing is reported and left alone',
    { instances: [instance('a'), instance('b'), instance('x', { release: 9, operation: 'foreign' })] },
    { drift: ['x (release 9) belongs to nothing that serves'] },
  ],
  [
    'and no name leads to it any more',
    {
      instances: [instance('a'), instance('b'), instance('x', { release: 9, operation: 'foreign' })],
      registered: [entry('a'), entry('b'), entry('x', { release: 9 })],
    },
    { forget: ['x'], drift: ['x (release 9) belongs to nothing that serves'] },
  ],
  [
    'an instance on a host that is not reached is neither replaced nor forgotten',
    { instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' })] },
    { drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'one that answers no probe either gets a replacement at once, and is left alone while nobody sees it',
    {
      instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' })],
      health: new Map([['b', sick(4_000)]]),
      servers: [server('a')],
    },
    { start: 1, drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'the requests of one that says nothing, on a host that is not reached, are given up',
    {
      instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' })],
      health: new Map([['b', sick(4_000)]]),
    },
    { start: 1, abandon: ['b'], drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'after two probes, which elsewhere are not enough',
    {
      instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' })],
      health: new Map([['b', { failures: 2, since: NOW - 2_000, note: 'no answer' }]]),
    },
    { start: 1, abandon: ['b'], drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'and not after one',
    {
      instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' })],
      health: new Map([['b', { failures: 1, since: NOW - 2_000, note: 'no answer' }]]),
    },
    { drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'of one whose host is reached, two failed probes say nothing',
    { health: new Map([['b', { failures: 2, since: NOW - 4_000, note: 'no answer' }]]) },
    {},
  ],
  [
    'also of one that is draining, of whatever release',
    {
      instances: [instance('a'), instance('b'), instance('old', { state: 'unknown', host: 'h2', release: 1 })],
      servers: [server('a'), server('b'), server('old', { state: 'draining' })],
      health: new Map([['old', sick(4_000)]]),
    },
    { abandon: ['old'], forget: ['old'] },
  ],
  [
    'but not when less than half of what is wanted would be left, as long as the edge reaches them: perhaps only we do not',
    {
      instances: ['a', 'b'].map((id) => instance(id, { state: 'unknown' })),
      health: new Map([
        ['a', sick(4_000)],
        ['b', sick(4_000)],
      ]),
    },
    { start: 2, drift: ['h1 is not reached; its instances are unknown'] },
  ],
  [
    'of the last one, too, when the edge does not reach it either',
    {
      instances: [instance('b', { state: 'unknown', host: 'h2' })],
      registered: [entry('b')],
      servers: [server('b', { down: true })],
      health: new Map([['b', sick(4_000)]]),
    },
    {
      start: 2,
      abandon: ['b'],
      drift: ['0 of 2 instances run', 'h2 is not reached; its instances are unknown'],
    },
  ],
  [
    'also when the replacement is there',
    {
      instances: [instance('a'), instance('b', { state: 'unknown', host: 'h2' }), instance('c')],
      registered: [entry('a'), entry('b'), entry('c')],
      health: new Map([['b', sick(90_000)]]),
      servers: [server('a'), server('c')],
    },
    { drift: ['h2 is not reached; its instances are unknown'] },
  ],
  [
    'and when its host is back, the newest of what is too many goes',
    {
      instances: [instance('a'), instance('b', { host: 'h2' }), instance('c', { age: 5_000 })],
      registered: [entry('a'), entry('b'), entry('c')],
      servers: [server('a'), server('b'), server('c')],
    },
    { retire: ['c: 3 run, 2 wanted'] },
  ],
  ['nothing is started where nothing serves', { serving: undefined, instances: [], registered: [], servers: [] }, {}],
  [
    'entries without an instance are removed',
    { registered: [entry('a'), entry('b'), entry('gone')] },
    { forget: ['gone'] },
  ],
  [
    'logs of old instances are pruned when there are many',
    { instances: ['a', 'b', 'c', 'd', 'e', 'f'].map((id, i) => instance(id, i < 2 ? {} : { state: 'exited' })) },
    { prune: true },
  ],
  [
    'but not on a host that is not reached',
    {
      instances: ['a', 'b', 'c', 'd', 'e', 'f'].map((id, i) =>
        instance(id, i === 0 ? {} : { state: i === 1 ? 'unknown' : 'exited', host: 'h2' }),
      ),
    },
    { drift: ['h2 is not reached; its instances are unknown'] },
  ],
  ['a worker needs no place at the edge', { kind: 'worker', servers: [] }, {}],
])('%s', (_, changes, expected) => {
  expect(told(chores(facts(changes)))).toEqual(expected);
});

test('replacements in a row wait longer each time, at most a minute', () => {
  expect([0, 1, 2, 3, 7, 20].map(backoff)).toEqual([0, 1_000, 2_000, 4_000, 60_000, 60_000]);
});

describe('sick servers', () => {
  const four = ['a', 'b', 'c', 'd'];
  const sickOnes = (ids: string[], wanted: number) =>
    chores(
      facts({
        wanted,
        instances: four.slice(0, wanted).map((id) => instance(id)),
        registered: four.slice(0, wanted).map((id) => entry(id)),
        servers: four.slice(0, wanted).map((id) => server(id)),
        health: new Map(ids.map((id) => [id, sick(5_000)])),
      }),
    ).suspend;

  test.each([
    [['a'], 4, ['a']],
    [['a', 'b'], 4, ['a', 'b']],
    [['a', 'b', 'c'], 4, []],
    [['a'], 2, ['a']],
    [['a', 'b'], 2, []],
    [['a'], 1, []],
  ])('%j of %i leave traffic only when half of what is wanted is left and well', (ids, wanted, left) => {
    expect(sickOnes(ids, wanted)).toEqual(left);
  });

  test('three failed probes within a moment make nobody sick', () => {
    const health = new Map([['a', sick(1_000)]]);
    expect(chores(facts({ health })).suspend).toEqual([]);
  });
});

test('what the registry has on a host that is not reached is there for a controller that never saw it', () => {
  const hosts = (['unknown', 'ready'] as const).map((state, i) => ({
    name: `h${i + 1}`,
    zone: 'a',
    state,
    environments: [],
    cpus: 1,
    memoryMb: 1,
  }));
  const registered = [entry('seen'), entry('unseen'), entry('gone', { host: 'h2' })];
  const found = unseen('stage', [instance('seen', { state: 'unknown' })], registered, hosts);
  expect(found).toMatchObject([{ id: 'unseen', host: 'h1', state: 'unknown', labels: { service: 'web', release: 2 } }]);
  const instances = [instance('a', { host: 'h2' }), ...found];
  expect(told(chores(facts({ instances, registered: [entry('a'), entry('unseen')], servers: [server('a')] })))).toEqual(
    {
      drift: ['h1 is not reached; its instances are unknown'],
    },
  );
});
