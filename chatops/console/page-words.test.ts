import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The page's modules are for browsers; their pure functions run in Node as they are, all calls in one process. */
function evaluate(calls: readonly { module: string; name: string; args: readonly unknown[] }[]): unknown[] {
  const script = `const calls = ${JSON.stringify(calls)};
    const results = [];
    for (const { module, name, args } of calls) results.push((await import('./' + module))[name](...args) ?? null);
    process.stdout.write(JSON.stringify(results));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(__dirname, 'page'),
      encoding: 'utf8',
    }),
  ) as unknown[];
}

function table(module: string, name: string, rows: readonly (readonly [readonly unknown[], unknown])[]): void {
  const results = evaluate(rows.map(([args]) => ({ module, name, args })));
  expect(results).toEqual(rows.map(([, expected]) => expected));
}

const text = (v: string) => ({ t: 'text', v });

test('mrkdwn becomes a tree: styles, code, references, quotes, entities decoded once', () => {
  table('mrkdwn.js', 'parseMrkdwn', [
    [
      ['a *b* _c_ ~d~ `e*f*`'],
      [
        text('a '),
        { t: 'b', c: [text('b')] },
        text(' '),
        { t: 'i', c: [text('c')] },
        text(' '),
        { t: 's', c: [text('d')] },
        text(' '),
        { t: 'code', v: 'e*f*' },
      ],
    ],
    [['2*3*4 snake_case_name'], [text('2*3*4 snake_case_name')]],
    [
      ['*see <https://x.example|it>*'],
      [{ t: 'b', c: [text('see '), { t: 'link', url: 'https://x.example', c: [text('it')] }] }],
    ],
    [
      ['<@U1> in <#C1|ops> <!here>'],
      [
        { t: 'user', id: 'U1' },
        text(' in '),
        { t: 'channel', id: 'C1', label: 'ops' },
        text(' '),
        { t: 'broadcast', v: 'here' },
      ],
    ],
    [['&lt;!channel&gt; &amp;lt;b&amp;gt;'], [text('<!channel> &lt;b&gt;')]],
    [['<javascript:alert(1)|click>'], [{ t: 'link', c: [text('click')] }]],
    [['```a <b>\n*c*```'], [{ t: 'pre', v: 'a b\n*c*' }]],
    [['&gt; q\nr'], [{ t: 'quote', c: [text('q')] }, text('r')]],
    [[':rocket:'], [{ t: 'emoji', v: 'rocket' }]],
  ]);
});

test('only addresses that are safe to follow are links', () => {
  table('mrkdwn.js', 'safeUrl', [
    [['https://x.example'], 'https://x.example'],
    [['#trace/stage/1'], '#trace/stage/1'],
    [['javascript:alert(1)'], null],
    [['data:text/html,x'], null],
    [[' javascript:alert(1)'], null],
  ]);
});

test('markdown becomes a tree, and its links are as safe', () => {
  table('markdown.js', 'parseMarkdown', [
    [
      ['# Big\n\n**a** and `b`'],
      [
        { t: 'h', c: [text('Big')] },
        { t: 'p', c: [{ t: 'b', c: [text('a')] }, text(' and '), { t: 'code', v: 'b' }] },
      ],
    ],
    [
      ['- a\n- b'],
      [
        {
          t: 'ul',
          c: [
            { t: 'li', c: [text('a')] },
            { t: 'li', c: [text('b')] },
          ],
        },
      ],
    ],
    [['```js\nx\n```'], [{ t: 'pre', v: 'x' }]],
    [['[a](javascript:x)'], [{ t: 'p', c: [{ t: 'link', c: [text('a')] }] }]],
    [['<b>a</b>'], [{ t: 'p', c: [text('<b>a</b>')] }]],
  ]);
});

test('spans of time are short words', () => {
  table('time.js', 'duration', [
    [[42], '42 ms'],
    [[900], '0.9 s'],
    [[5200], '5.2 s'],
    [[69_000], '1 min 9 s'],
    [[7_500_000], '2 h 5 min'],
  ]);
  const now = Date.parse('2026-03-02T10:00:00Z');
  table('time.js', 'age', [
    [['2026-03-02T09:59:58Z', now], 'now'],
    [['2026-03-02T09:22:00Z', now], '38 min'],
    [['2026-02-28T10:00:00Z', now], '2 days'],
  ]);
});

const now = Date.parse('2026-03-02T10:00:04Z');
const operation = {
  kind: 'deployment',
  service: 'bot',
  environment: 'stage',
  from: 41,
  to: 42,
  state: 'running',
  requestedAt: '2026-03-02T10:00:00Z',
  progress: { done: 4, total: 6 },
  phase: 'starting',
  steps: [],
};
const cell = {
  wanted: 2,
  instances: [{ state: 'healthy' }, { state: 'healthy' }],
  behind: 0,
  drift: [],
  serving: { number: 41 },
  servingSince: '2026-03-02T09:22:00Z',
};

test('a cell says how its instances are', () => {
  const of = (...states: string[]) => ({ ...cell, wanted: 6, instances: states.map((state) => ({ state })) });
  const healthy = Array<string>(5).fill('healthy');
  table('words.js', 'instanceWords', [
    [[cell], '2 healthy'],
    [[of(...healthy, 'unhealthy')], '1 of 6 unhealthy'],
    [[of(...healthy, 'unknown')], '1 of 6 not reached'],
    [[of(...healthy)], '1 of 6 missing'],
    [[of(...healthy, 'healthy', 'draining')], '6 healthy, 1 draining'],
    [[{ ...of(...healthy, 'starting'), running: operation }], 'starting'],
  ]);
});

test('a cell says first what happens, then what went wrong, then what is ahead, then its age', () => {
  const undone = { state: 'undone', to: 17, requestedAt: '2026-03-02T09:38:00Z', finishedAt: '2026-03-02T09:40:04Z' };
  table('words.js', 'cellLine', [
    [[{ ...cell, running: operation, last: undone }, 'dev', now], { text: '4 of 6, about 2 s left', tone: 'op' }],
    [[{ ...cell, last: undone, behind: 1 }, 'dev', now], { text: '17 undone 20 min ago', tone: 'bad' }],
    [[{ ...cell, behind: 2 }, 'stage', now], { text: 'stage is 2 releases ahead', tone: 'ahead' }],
    [[cell, 'dev', now], { text: '38 min', tone: '' }],
  ]);
});

test('steps of one name are one bar, and bars share one line of time', () => {
  const steps = [
    { name: 'plan', startedAt: '2026-03-02T10:00:00Z', finishedAt: '2026-03-02T10:00:01Z', detail: 'six' },
    { name: 'start', startedAt: '2026-03-02T10:00:01Z', finishedAt: '2026-03-02T10:00:03Z', detail: '' },
    { name: 'start', startedAt: '2026-03-02T10:00:02Z', detail: '' },
  ];
  table('words.js', 'stepBars', [
    [
      [{ ...operation, steps }, now],
      [
        { name: 'plan', left: 0, width: 25, ms: 1000, running: false, details: ['six'] },
        { name: 'start', left: 25, width: 75, ms: 3000, running: true, details: [] },
      ],
    ],
  ]);
});

test('a waterfall puts children under parents by start, and orphans and cycles do not lose a span', () => {
  const span = (id: string, parent: string | undefined, start: number, durationMs: number) => ({
    id,
    ...(parent && { parent }),
    start,
    durationMs,
    service: id[0],
  });
  const [result] = evaluate([
    {
      module: 'waterfall.js',
      name: 'waterfall',
      args: [
        [
          span('b2', 'a1', 1010, 5),
          span('a1', undefined, 1000, 100),
          span('c3', 'gone', 1050, 50),
          span('b4', 'a1', 1005, 2),
        ],
      ],
    },
  ]) as [{ rows: { span: { id: string }; depth: number; left: number }[]; services: string[]; total: number }];
  expect(result.rows.map((row) => [row.span.id, row.depth, row.left])).toEqual([
    ['a1', 0, 0],
    ['b4', 1, 5],
    ['b2', 1, 10],
    ['c3', 0, 50],
  ]);
  expect([result.services, result.total]).toEqual([['a', 'b', 'c'], 100]);
});

test('addresses of the page', () => {
  table('route.js', 'parse', [
    [[''], { page: 'board' }],
    [['#trace/stage/abc'], { page: 'trace', environment: 'stage', id: 'abc' }],
    [['#/traces/edwin/abc'], { page: 'trace', environment: 'edwin', id: 'abc' }],
    [['#service/prod/bot'], { page: 'service', environment: 'prod', service: 'bot' }],
    [['#message/C1/1.2?thread_ts=1.1'], { page: 'board', channel: 'C1', ts: '1.2' }],
    [['#nothing/of/that'], { page: 'board' }],
  ]);
});
