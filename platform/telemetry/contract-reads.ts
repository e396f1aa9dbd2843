import { newSpanId, newTraceId } from '../../test/documents';
import type { TelemetryBench } from './contract-bench';
import type { LogQuery, TraceQuery } from './telemetry';

/** What each read finds, in which order, and what it does not see. */
export function readContract(bench: TelemetryBench): void {
  const { promise, environment, other, at, span, log, newService, found, texts, writeAll } = bench;

  promise('nothing written is nothing found', async () => {
    expect(await bench.store.write([])).toEqual({ created: 0, duplicates: 0, rejected: [] });
    const service = newService();
    expect(await bench.store.logs({ environment, service, limit: 10 })).toEqual([]);
    expect(await bench.store.traces({ environment: `none${other}`, limit: 10 })).toEqual([]);
    expect(await bench.store.trace(environment, newTraceId())).toEqual({ spans: [], logs: [] });
    expect(await bench.store.rates({ environment, service, since: at(0), until: at(60_000), stepSeconds: 10 })).toEqual(
      [],
    );
  });

  promise(
    'a trace is whole and in order of start, whatever the order of arrival',
    async () => {
      const traceId = newTraceId();
      const [root, middle] = [newSpanId(), newSpanId()];
      const last = span({ traceId, parent: middle, at: at(20), service: 'bot', name: 'third' });
      await bench.store.write([last, log({ traceId, at: at(30), text: 'late' })]);
      const early = span({ traceId, spanId: middle, parent: root, at: at(10), service: 'mailer', name: 'second' });
      await bench.store.write([log({ traceId, at: at(5), text: 'early' }), early]);
      await bench.store.write([span({ traceId, spanId: root, at: at(0), service: 'gateway', name: 'first' })]);
      const trace = await found('five documents', async () => {
        const now = await bench.store.trace(environment, traceId);
        return now.spans.length + now.logs.length === 5 ? now : undefined;
      });
      expect(trace.spans.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
      expect(trace.logs.map(({ body }) => body.text)).toEqual(['early', 'late']);
    },
    'order',
  );

  promise('a trace answers with 2,000 documents at most', async () => {
    const traceId = newTraceId();
    await bench.store.write(Array.from({ length: 2_050 }, (_, index) => span({ traceId, at: at(index) })));
    const spans = await found('all spans', async () => {
      const now = await bench.store.trace(environment, traceId);
      return now.spans.length >= 2_000 ? now.spans : undefined;
    });
    expect(spans).toHaveLength(2_000);
  });

  promise('an environment sees nothing of another', async () => {
    const [traceId, spanId, service] = [newTraceId(), newSpanId(), newService()];
    const sample = { traceId, spanId, service };
    expect(
      await writeAll([
        span({ ...sample, name: 'ours' }),
        span({ ...sample, environment: other, name: 'theirs' }),
        log({ traceId, service, text: 'ours' }),
        log({ traceId, service, environment: other, text: 'theirs' }),
      ]),
    ).toMatchObject({ created: 4, duplicates: 0 });
    const rates = await bench.store.rates({ environment, service, since: at(0), until: at(1_000), stepSeconds: 10 });
    expect(rates.map(({ count }) => count)).toEqual([1]);
    const trace = await bench.store.trace(environment, traceId);
    expect(trace.spans.map(({ name }) => name)).toEqual(['ours']);
    expect(trace.logs.map(({ body }) => body.text)).toEqual(['ours']);
    expect((await bench.store.traces({ environment: other, service, limit: 10 })).map(({ name }) => name)).toEqual([
      'theirs',
    ]);
    expect(await texts({ environment: other, service })).toEqual(['theirs']);
  });

  promise(
    'logs are found by everything a query can name, newest first',
    async () => {
      const [service, traceId] = [newService(), newTraceId()];
      await writeAll([
        log({ service, at: at(1), text: 'Student asked for a lesson', instance: `${service}-1` }),
        log({ service, at: at(2), text: 'Upstream answered 503', severity: 17, instance: `${service}-2` }),
        log({ service, at: at(3), text: 'Lesson sent', event: 'message.answered' }),
        log({ service, at: at(4), text: 'Nothing to do', traceId }),
      ]);
      await found('four lines', async () => (await texts({ service })).length === 4);
      const cases: [string, Partial<LogQuery>, string[]][] = [
        ['all', {}, ['Nothing to do', 'Lesson sent', 'Upstream answered 503', 'Student asked for a lesson']],
        ['limit', { limit: 2 }, ['Nothing to do', 'Lesson sent']],
        ['instance', { instance: `${service}-2` }, ['Upstream answered 503']],
        ['severity', { minSeverity: 13 }, ['Upstream answered 503']],
        ['event', { event: 'message.answered' }, ['Lesson sent']],
        ['trace', { traceId }, ['Nothing to do']],
        ['one word', { text: 'LESSON' }, ['Lesson sent', 'Student asked for a lesson']],
        ['two words', { text: 'lesson student' }, ['Student asked for a lesson']],
        ['no such word', { text: 'lesson absent' }, []],
        ['since', { since: at(3) }, ['Nothing to do', 'Lesson sent']],
        ['until', { until: at(3) }, ['Upstream answered 503', 'Student asked for a lesson']],
        ['between', { since: at(2), until: at(4) }, ['Lesson sent', 'Upstream answered 503']],
      ];
      for (const [name, query, expected] of cases) {
        expect({ name, lines: await texts({ service, ...query }) }).toEqual({ name, lines: expected });
      }
    },
    'order',
  );

  promise('a word that looks like a pattern matches only itself', async () => {
    const service = newService();
    await writeAll([log({ service, text: 'all of it', traceId: newTraceId() })]);
    await found('the line', async () => (await texts({ service })).length === 1);
    expect(await texts({ service, text: '%' })).toEqual([]);
    expect(await texts({ service, text: 'a_l' })).toEqual([]);
  });

  promise('a word is found inside another, with its signs, in any case', async () => {
    const service = newService();
    const lines = ['connect ECONNREFUSED 127.0.0.1:5432', 'GET /bots/42?page=1 100% done', 'Привет, мир 日本語'];
    await writeAll(lines.map((text, index) => log({ service, text, at: at(index), traceId: newTraceId() })));
    await found('all lines', async () => (await texts({ service })).length === lines.length);
    const cases: [string, number | undefined][] = [
      ['refused', 0],
      ['0.0.1:54 CONN', 0],
      ['0.0.1.54', undefined],
      ['/bots/4', 1],
      ['00%', 1],
      ['?PAGE=1', 1],
      ['рив', 2],
      ['МИР', 2],
      ['本', 2],
    ];
    for (const [text, line] of cases) {
      expect({ text, lines: await texts({ service, text }) }).toEqual({
        text,
        lines: line === undefined ? [] : [lines[line]],
      });
    }
  });

  promise(
    'lines of one millisecond keep the order in which they came',
    async () => {
      const service = newService();
      const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
      await bench.store.write(lines.map((text) => log({ service, text })));
      const now = await found('all lines', async () => {
        const all = await texts({ service, limit: 1_000 });
        return all.length === lines.length ? all : undefined;
      });
      expect(now).toEqual([...lines].reverse());
      expect(await texts({ service, limit: 3 })).toEqual(['line 199', 'line 198', 'line 197']);
    },
    'order',
  );

  promise(
    'traces are listed by their roots, newest first',
    async () => {
      const [service, quiet, failing, plain] = [newService(), newService(), newTraceId(), newTraceId()];
      const [rootOne, rootTwo] = [newSpanId(), newSpanId()];
      await writeAll([
        span({ traceId: failing, spanId: rootOne, at: at(1_000), ms: 50, service, name: 'POST /webhook' }),
        span({ traceId: failing, parent: rootOne, at: at(1_010), service: quiet, failed: true, kind: 'Consumer' }),
        span({ traceId: failing, parent: rootOne, at: at(1_005), service, kind: 'Client' }),
        span({ traceId: plain, spanId: rootTwo, at: at(2_000), ms: 5, service, name: 'GET /' }),
      ]);
      const list = (query: Partial<TraceQuery>) => bench.store.traces({ environment, service, limit: 10, ...query });
      await found('two traces', async () => (await list({})).length === 2 && (await list({}))[1]?.spans === 3);
      expect(await list({})).toEqual([
        {
          traceId: plain,
          name: 'GET /',
          service,
          startedAt: at(2_000),
          durationMs: 5,
          spans: 1,
          errors: 0,
          services: [service],
        },
        {
          traceId: failing,
          name: 'POST /webhook',
          service,
          startedAt: at(1_000),
          durationMs: 50,
          spans: 3,
          errors: 1,
          services: [service, quiet],
        },
      ]);
      const ids = async (query: Partial<TraceQuery>) => (await list(query)).map(({ traceId }) => traceId);
      expect(await ids({ onlyErrors: true })).toEqual([failing]);
      expect(await ids({ service: quiet })).toEqual([failing]);
      expect(await ids({ since: at(1_500) })).toEqual([plain]);
      expect(await ids({ limit: 1 })).toEqual([plain]);
    },
    'order',
  );

  promise('a trace that began elsewhere is listed once, by its first entry here', async () => {
    const [service, traceId, abroad, entry] = [newService(), newTraceId(), newSpanId(), newSpanId()];
    await writeAll([
      span({ environment: other, traceId, spanId: abroad, at: at(0), service, name: 'abroad' }),
      span({ traceId, parent: abroad, at: at(30), service, name: 'second entry', kind: 'Consumer' }),
      span({ traceId, parent: entry, at: at(11), service, name: 'inside', kind: 'Client' }),
      span({ traceId, spanId: entry, parent: abroad, at: at(10), service, name: 'first entry' }),
    ]);
    const list = await bench.store.traces({ environment, service, limit: 10 });
    expect(list).toMatchObject([{ traceId, name: 'first entry', startedAt: at(10), spans: 3 }]);
  });

  promise('rates count the transactions of each step and release', async () => {
    const service = newService();
    const entries = Array.from({ length: 100 }, (_, index) =>
      span({ service, at: at(index * 10), ms: index + 1, version: '1', failed: index < 3 }),
    );
    await writeAll([
      ...entries,
      span({ service, at: at(500), ms: 900, kind: 'Client', parent: newSpanId() }),
      span({ service, at: at(500), ms: 900, kind: 'Internal' }),
      span({ service, at: at(200), ms: 20, version: '2', kind: 'Consumer' }),
      span({ service, at: at(12_000), ms: 30, version: '2' }),
      span({ service, at: at(20_000), ms: 40, version: '2' }),
    ]);
    const rates = await found('three rows', async () => {
      const rows = await bench.store.rates({ environment, service, since: at(0), until: at(20_000), stepSeconds: 10 });
      return rows.length === 3 && rows[0]?.count === 100 ? rows : undefined;
    });
    expect(rates.map(({ start: from, version, count, errors }) => ({ from, version, count, errors }))).toEqual([
      { from: at(0), version: '1', count: 100, errors: 3 },
      { from: at(0), version: '2', count: 1, errors: 0 },
      { from: at(10_000), version: '2', count: 1, errors: 0 },
    ]);
    const [first, , last] = rates;
    for (const [measured, expected] of [
      [first?.p50Ms, 50],
      [first?.p95Ms, 95],
      [first?.p99Ms, 99],
      [last?.p95Ms, 30],
    ]) {
      expect(Math.abs((measured ?? 0) - (expected ?? 0))).toBeLessThanOrEqual(1);
    }
  });

  promise('a percentile of few transactions is the time of one of them', async () => {
    const service = newService();
    await writeAll([
      span({ service, ms: 10 }),
      span({ service, ms: 90, at: at(1) }),
      span({ service, ms: 5_000, at: at(2) }),
    ]);
    const [row] = await bench.store.rates({ environment, service, since: at(0), until: at(10_000), stepSeconds: 10 });
    for (const [measured, expected] of [
      [row?.p50Ms, 90],
      [row?.p95Ms, 5_000],
      [row?.p99Ms, 5_000],
    ] as const) {
      expect(Math.abs((measured ?? 0) / expected - 1)).toBeLessThan(0.01);
    }
  });

  promise('rates of many steps are whole and in order', async () => {
    const service = newService();
    const documents = Array.from({ length: 400 }, (_, index) =>
      span({ service, at: at(index * 1_000), version: String(index % 2), ms: 10 + index }),
    );
    await bench.store.write(documents);
    const query = { environment, service, since: at(0), until: at(400_000), stepSeconds: 2 };
    const rows = await found('all rows', async () => {
      const now = await bench.store.rates(query);
      return now.length === 400 ? now : undefined;
    });
    expect(rows.map(({ start, version }) => [start, version])).toEqual(
      documents.map((_, index) => [at(Math.floor(index / 2) * 2_000), String(index % 2)]),
    );
  });
}
