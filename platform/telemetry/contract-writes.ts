import { newSpanId, newTraceId } from '../../test/documents';
import type { TelemetryBench } from './contract-bench';

/** What a write stores, and how often. */
export function writeContract(bench: TelemetryBench): void {
  const { promise, environment, open, at, span, log, newService, found, texts, writeAll } = bench;

  promise('documents come back as they were written', async () => {
    const traceId = newTraceId();
    const one = span({ traceId, failed: true, parent: newSpanId(), kind: 'Consumer' });
    const two = log({ traceId, event: 'message.answered', attributes: { ok: true, count: 3, list: ['a', 'b'] } });
    expect(await writeAll([one, two])).toEqual({ created: 2, duplicates: 0, rejected: [] });
    const { spans, logs } = await found('span and log', async () => {
      const trace = await bench.store.trace(environment, traceId);
      return trace.spans.length === 1 && trace.logs.length === 1 ? trace : undefined;
    });
    expect(spans).toEqual([one.span]);
    expect(logs).toEqual([two.log]);
  });

  promise(
    'a document written again is a duplicate and changes nothing',
    async () => {
      const first = span({ name: 'first' });
      await bench.store.write([first]);
      const second = { ...first, span: { ...first.span, name: 'second' } };
      const fresh = span({});
      expect(await writeAll([second, fresh])).toEqual({ created: 1, duplicates: 1, rejected: [] });
      const { spans } = await bench.store.trace(environment, first.span.trace_id);
      expect(spans.map(({ name }) => name)).toEqual(['first']);
    },
    'duplicates',
  );

  promise('a document twice in one batch is stored once', async () => {
    const twice = log({ traceId: newTraceId() });
    expect(await bench.store.write([twice, twice])).toEqual({ created: 1, duplicates: 1, rejected: [] });
  });

  promise(
    'two writers of the same documents store each once',
    async () => {
      const second = await open();
      const documents = Array.from({ length: 300 }, () => span({}));
      const results = await Promise.all([bench.store.write(documents), second.write([...documents].reverse())]);
      expect(results.reduce((sum, { created }) => sum + created, 0)).toBe(300);
      expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(300);
      await second.close();
    },
    'duplicates',
  );

  promise('text of any kind is stored, and nothing is lost for its neighbours', async () => {
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

  promise('an attribute whose kind changes costs no document', async () => {
    const service = newService();
    const kinds = [7, 'seven', true, 7.5, ['a', 'b'], 'x'.repeat(40_000)];
    const documents = kinds.map((kind, index) =>
      log({ service, at: at(index), attributes: { kind, [`kind.${index}`]: 1 } }),
    );
    expect(await bench.store.write(documents)).toMatchObject({ created: kinds.length, rejected: [] });
    const lines = await found('all lines', async () => {
      const now = await bench.store.logs({ environment, service, limit: 100 });
      return now.length === kinds.length ? now.reverse() : undefined;
    });
    expect(lines.map(({ attributes }) => attributes['kind'])).toEqual(kinds);
  });

  promise('a large batch is stored whole', async () => {
    const documents = Array.from({ length: 3_000 }, (_, index) => span({ at: at(index) }));
    expect(await bench.store.write(documents)).toEqual({ created: 3_000, duplicates: 0, rejected: [] });
  });

  promise('closing twice is closing once', async () => {
    const again = await open();
    await again.close();
    await again.close();
  });
}
