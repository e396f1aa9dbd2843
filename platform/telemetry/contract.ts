import { randomBytes } from 'node:crypto';
import { newSpanId, newTraceId, type SampleLog, type SampleSpan, sampleLog, sampleSpan } from '../../test/documents';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import type { TelemetryDocument, TelemetryStore, WriteResult } from './telemetry';

export interface TelemetryContractOptions {
  /** Name of a test → why this adapter can not keep the promise. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** Opens a store at an address where nothing listens. */
  readonly unreachable?: () => Promise<TelemetryStore>;
  /** Opens a store with credentials that the server refuses. */
  readonly refused?: () => Promise<TelemetryStore>;
  readonly faults?: { restart?(): Promise<void>; cutConnections(): Promise<void> };
}

/** What a document needs to be found after a write. */
const FOUND_WITHIN_MS = 2_000;

/** The promises of telemetry.ts. `open` opens the same store each time; the suite keeps to environments of its own. */
export function telemetryContract(
  adapter: string,
  open: () => Promise<TelemetryStore>,
  options: TelemetryContractOptions = {},
): void {
  const { unsupported = {}, faults, unreachable, refused } = options;
  const keeps = (promise: string, work: () => Promise<void>): void => {
    if (promise in unsupported) it.skip(`${promise} (${unsupported[promise]})`, work);
    else it(promise, work);
  };

  describe(`telemetry store ${adapter}`, () => {
    const environment = `stage${randomBytes(4).toString('hex')}`;
    const other = `prod${randomBytes(4).toString('hex')}`;
    const start = new Date('2026-11-23T08:00:00.000Z').getTime();
    const at = (ms: number): Date => new Date(start + ms);
    const newService = (): string => `service-${randomBytes(4).toString('hex')}`;
    const span = (sample: Partial<SampleSpan>) =>
      sampleSpan({ environment, traceId: newTraceId(), at: at(0), ...sample });
    const log = (sample: Partial<SampleLog>) => sampleLog({ environment, at: at(0), text: 'a line', ...sample });
    const found = <T>(what: string, condition: () => Promise<T>) =>
      until(condition, { what, withinMs: FOUND_WITHIN_MS });
    const texts = async (query: Partial<Parameters<TelemetryStore['logs']>[0]>): Promise<string[]> =>
      (await store.logs({ environment, limit: 100, ...query })).map(({ body }) => body.text ?? '');
    let store: TelemetryStore;

    /** Writes, and waits until the last one of a service's logs is found: then all are. */
    const writeAll = async (documents: readonly TelemetryDocument[]): Promise<WriteResult> => {
      const result = await store.write(documents);
      await found('all that was written', async () => {
        for (const document of documents) {
          const { trace_id, data_stream } = 'span' in document ? document.span : document.log;
          if (trace_id === undefined) continue;
          const { spans, logs } = await store.trace(data_stream.namespace, trace_id);
          if (spans.length + logs.length === 0) return false;
        }
        return true;
      });
      return result;
    };

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    keeps('documents come back as they were written', async () => {
      const traceId = newTraceId();
      const one = span({ traceId, failed: true, parent: newSpanId(), kind: 'Consumer' });
      const two = log({ traceId, event: 'message.answered', attributes: { ok: true, count: 3, list: ['a', 'b'] } });
      expect(await writeAll([one, two])).toEqual({ created: 2, duplicates: 0, rejected: [] });
      const { spans, logs } = await found('span and log', async () => {
        const trace = await store.trace(environment, traceId);
        return trace.spans.length === 1 && trace.logs.length === 1 ? trace : undefined;
      });
      expect(spans).toEqual([one.span]);
      expect(logs).toEqual([two.log]);
    });

    keeps('a document written again is a duplicate and changes nothing', async () => {
      const first = span({ name: 'first' });
      await store.write([first]);
      const second = { ...first, span: { ...first.span, name: 'second' } };
      const fresh = span({});
      expect(await writeAll([second, fresh])).toEqual({ created: 1, duplicates: 1, rejected: [] });
      const { spans } = await store.trace(environment, first.span.trace_id);
      expect(spans.map(({ name }) => name)).toEqual(['first']);
    });

    keeps('a document twice in one batch is stored once', async () => {
      const twice = log({ traceId: newTraceId() });
      expect(await store.write([twice, twice])).toEqual({ created: 1, duplicates: 1, rejected: [] });
    });

    keeps('two writers of the same documents store each once', async () => {
      const second = await open();
      const documents = Array.from({ length: 300 }, () => span({}));
      const results = await Promise.all([store.write(documents), second.write([...documents].reverse())]);
      expect(results.reduce((sum, { created }) => sum + created, 0)).toBe(300);
      expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(300);
      await second.close();
    });

    keeps('nothing written is nothing found', async () => {
      expect(await store.write([])).toEqual({ created: 0, duplicates: 0, rejected: [] });
      const service = newService();
      expect(await store.logs({ environment, service, limit: 10 })).toEqual([]);
      expect(await store.traces({ environment: `none${other}`, limit: 10 })).toEqual([]);
      expect(await store.trace(environment, newTraceId())).toEqual({ spans: [], logs: [] });
      expect(await store.rates({ environment, service, since: at(0), until: at(60_000), stepSeconds: 10 })).toEqual([]);
    });

    keeps('a trace is whole and in order of start, whatever the order of arrival', async () => {
      const traceId = newTraceId();
      const [root, middle] = [newSpanId(), newSpanId()];
      const last = span({ traceId, parent: middle, at: at(20), service: 'bot', name: 'third' });
      await store.write([last, log({ traceId, at: at(30), text: 'late' })]);
      const early = span({ traceId, spanId: middle, parent: root, at: at(10), service: 'mailer', name: 'second' });
      await store.write([log({ traceId, at: at(5), text: 'early' }), early]);
      await store.write([span({ traceId, spanId: root, at: at(0), service: 'gateway', name: 'first' })]);
      const trace = await found('five documents', async () => {
        const now = await store.trace(environment, traceId);
        return now.spans.length + now.logs.length === 5 ? now : undefined;
      });
      expect(trace.spans.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
      expect(trace.logs.map(({ body }) => body.text)).toEqual(['early', 'late']);
    });

    keeps('a trace answers with 2,000 documents at most', async () => {
      const traceId = newTraceId();
      await store.write(Array.from({ length: 2_050 }, (_, index) => span({ traceId, at: at(index) })));
      const spans = await found('all spans', async () => {
        const now = await store.trace(environment, traceId);
        return now.spans.length >= 2_000 ? now.spans : undefined;
      });
      expect(spans).toHaveLength(2_000);
    });

    keeps('an environment sees nothing of another', async () => {
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
      const rates = await store.rates({ environment, service, since: at(0), until: at(1_000), stepSeconds: 10 });
      expect(rates.map(({ count }) => count)).toEqual([1]);
      const trace = await store.trace(environment, traceId);
      expect(trace.spans.map(({ name }) => name)).toEqual(['ours']);
      expect(trace.logs.map(({ body }) => body.text)).toEqual(['ours']);
      expect((await store.traces({ environment: other, service, limit: 10 })).map(({ name }) => name)).toEqual([
        'theirs',
      ]);
      expect(await texts({ environment: other, service })).toEqual(['theirs']);
    });

    keeps('logs are found by everything a query can name, newest first', async () => {
      const [service, traceId] = [newService(), newTraceId()];
      await writeAll([
        log({ service, at: at(1), text: 'Student asked for a lesson', instance: `${service}-1` }),
        log({ service, at: at(2), text: 'Upstream answered 503', severity: 17, instance: `${service}-2` }),
        log({ service, at: at(3), text: 'Lesson sent', event: 'message.answered' }),
        log({ service, at: at(4), text: 'Nothing to do', traceId }),
      ]);
      await found('four lines', async () => (await texts({ service })).length === 4);
      const cases: [string, Partial<Parameters<TelemetryStore['logs']>[0]>, string[]][] = [
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
    });

    keeps('a word that looks like a pattern matches only itself', async () => {
      const service = newService();
      await writeAll([log({ service, text: 'all of it', traceId: newTraceId() })]);
      await found('the line', async () => (await texts({ service })).length === 1);
      expect(await texts({ service, text: '%' })).toEqual([]);
      expect(await texts({ service, text: 'a_l' })).toEqual([]);
    });

    keeps('traces are listed by their roots, newest first', async () => {
      const [service, quiet, failing, plain] = [newService(), newService(), newTraceId(), newTraceId()];
      const [rootOne, rootTwo] = [newSpanId(), newSpanId()];
      await writeAll([
        span({ traceId: failing, spanId: rootOne, at: at(1_000), ms: 50, service, name: 'POST /webhook' }),
        span({ traceId: failing, parent: rootOne, at: at(1_010), service: quiet, failed: true, kind: 'Consumer' }),
        span({ traceId: failing, parent: rootOne, at: at(1_005), service, kind: 'Client' }),
        span({ traceId: plain, spanId: rootTwo, at: at(2_000), ms: 5, service, name: 'GET /' }),
      ]);
      const list = (query: Partial<Parameters<TelemetryStore['traces']>[0]>) =>
        store.traces({ environment, service, limit: 10, ...query });
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
      const ids = async (query: Parameters<typeof list>[0]) => (await list(query)).map(({ traceId }) => traceId);
      expect(await ids({ onlyErrors: true })).toEqual([failing]);
      expect(await ids({ service: quiet })).toEqual([failing]);
      expect(await ids({ since: at(1_500) })).toEqual([plain]);
      expect(await ids({ limit: 1 })).toEqual([plain]);
    });

    keeps('rates count the transactions of each step and release', async () => {
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
        const rows = await store.rates({ environment, service, since: at(0), until: at(20_000), stepSeconds: 10 });
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

    keeps('text of any kind is stored, and nothing is lost for its neighbours', async () => {
      const service = newService();
      const odd = [
        'quotes " and \\ and \'',
        'привет 🙂 \u202e',
        'nul \u0000 inside',
        'half \ud83d pair',
        'x'.repeat(100_000),
      ];
      const documents = odd.map((text, index) => log({ service, text, at: at(index), traceId: newTraceId() }));
      expect(await writeAll(documents)).toMatchObject({ created: odd.length, rejected: [] });
      const lines = await found('all lines', async () => {
        const now = await texts({ service });
        return now.length === odd.length ? now.reverse() : undefined;
      });
      expect(lines.slice(0, 2)).toEqual(odd.slice(0, 2));
      expect(lines[4]).toHaveLength(100_000);
    });

    keeps('a large batch is stored whole', async () => {
      const documents = Array.from({ length: 3_000 }, (_, index) => span({ at: at(index) }));
      expect(await store.write(documents)).toEqual({ created: 3_000, duplicates: 0, rejected: [] });
    });

    keeps('closing twice is closing once', async () => {
      const again = await open();
      await again.close();
      await again.close();
    });

    if (faults) {
      keeps('it goes on by itself after its connections are cut', async () => {
        const traceId = newTraceId();
        const document = span({ traceId });
        await faults.cutConnections();
        await until(
          () =>
            store.write([document]).then(
              () => true,
              (error) => !hasCode(error, 'telemetry.unreachable') && Promise.reject(error),
            ),
          { what: 'a write after the cut' },
        );
        await found('the span', async () => (await store.trace(environment, traceId)).spans.length === 1);
      });
    }
    if (unreachable) {
      keeps('an address where nothing listens is telemetry.unreachable', async () => {
        await expect(unreachable()).rejects.toMatchObject({ code: 'telemetry.unreachable' });
      });
    }
    if (refused) {
      keeps('credentials that are wrong are telemetry.refused', async () => {
        await expect(refused()).rejects.toMatchObject({ code: 'telemetry.refused' });
      });
    }
  });
}
