import { newTraceId } from '../../test/documents';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import type { TelemetryBench } from './contract-bench';
import type { Attributes, SpanDocument, TelemetryDocument, TelemetryStore, WriteResult } from './telemetry';

interface TelemetryFaults {
  /** kill -9 of the server, and a new start. */
  crash(): Promise<void>;
  /** Freezes the server: connections stay open, nothing answers. */
  pause(): Promise<void> | void;
  resume(): Promise<void> | void;
  /** Ends every connection and refuses new ones, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A store as the suite gets hold of it; what is opened goes through the network that `faults.cut` cuts. */
export interface TelemetryUnderTest {
  /** What the server says of itself. */
  version(): Promise<string>;
  open(options?: { readonly limitMs?: number }): Promise<TelemetryStore>;
  /** At an address where nothing listens. */
  openUnreachable(): Promise<TelemetryStore>;
  openWithWrongPassword(): Promise<TelemetryStore>;
  /** With credentials of an environment that is not one of the suite's. */
  openAsStranger(): Promise<TelemetryStore>;
  /** Writes of one document each, all at once, and whether the server is sure to send some of them back. */
  rush(): Promise<{ readonly writes: number; readonly characters: number; readonly pushesBack: boolean }>;
  readonly faults: TelemetryFaults;
}

const PATIENCE = { withinMs: 60_000 };
const unreachable = { code: 'telemetry.unreachable' };

/** A server that refuses, is away, hangs, has too much to do, or comes back. */
export function troubleContract(bench: TelemetryBench, subject: TelemetryUnderTest): void {
  const { promise, environment, open, span, log, newService, found, at } = bench;
  const { faults } = subject;

  const batch = (size: number, service = newService()): TelemetryDocument[] =>
    Array.from({ length: size }, (_, index) => log({ service, text: `line ${index}`, at: at(index) }));
  const lines = async (service: string): Promise<number> =>
    (await bench.store.logs({ environment, service, limit: 1_000 })).length;
  /** Undefined while the store is away. */
  const tried = (documents: readonly TelemetryDocument[]): Promise<WriteResult | undefined> =>
    bench.store
      .write(documents)
      .catch((error: unknown) => (hasCode(error, 'telemetry.unreachable') ? undefined : Promise.reject(error)));
  const goesOn = async (): Promise<void> => {
    const traceId = newTraceId();
    await until(() => tried([span({ traceId })]), { what: 'a write after the fault', ...PATIENCE });
    await found('the span', async () => (await bench.store.trace(environment, traceId)).spans.length === 1);
  };

  promise(
    'what was acknowledged is there after the server is killed in the middle of writing, and it goes on by itself',
    async () => {
      const acknowledged: string[] = [];
      let over = false;
      const writing = async (): Promise<void> => {
        while (!over) {
          const service = newService();
          if ((await tried(batch(20, service)))?.created === 20) acknowledged.push(service);
        }
      };
      const writers = [writing(), writing(), writing()];
      await until(() => acknowledged.length >= 10, { what: 'some batches are acknowledged', ...PATIENCE });
      await faults.crash();
      const before = acknowledged.length;
      await until(() => acknowledged.length > before, { what: 'writing goes on', ...PATIENCE });
      over = true;
      await Promise.all(writers);
      const still = new Set(acknowledged);
      const allThere = async (): Promise<boolean> => {
        await Promise.all([...still].slice(0, 20).map(async (one) => (await lines(one)) === 20 && still.delete(one)));
        return still.size === 0;
      };
      await until(allThere, { what: 'all that was acknowledged', ...PATIENCE });
    },
    'lost and back',
  );

  promise(
    'a batch that is sent again because its answer was lost is stored once',
    async () => {
      const services = Array.from({ length: 12 }, newService);
      const batches = services.map((service) => batch(200, service));
      let answered = 0;
      const first = batches.map((documents) => tried(documents).finally(() => (answered += 1)));
      await until(() => answered > 0, { what: 'the first answer' });
      await faults.cut();
      await Promise.all(first);
      await faults.mend();
      for (const documents of batches) {
        const result = await until(() => tried(documents), { what: 'the batch is taken again', ...PATIENCE });
        expect(result).toMatchObject({ created: 200 - result.duplicates, rejected: [] });
        expect(await bench.store.write(documents)).toEqual({ created: 0, duplicates: 200, rejected: [] });
      }
      for (const service of services) await found('each line once', async () => (await lines(service)) === 200);
    },
    'redelivery',
    'duplicates',
  );

  promise(
    'a cut network is telemetry.unreachable, and when it is mended it goes on by itself',
    async () => {
      await faults.cut();
      try {
        await expect(bench.store.write([span({})])).rejects.toMatchObject(unreachable);
        await expect(bench.store.logs({ environment, limit: 1 })).rejects.toMatchObject(unreachable);
      } finally {
        await faults.mend();
      }
      await goesOn();
    },
    'lost and back',
  );

  promise(
    'a server that hangs is telemetry.unreachable within the limit, and it goes on when it moves again',
    async () => {
      const impatient = await subject.open({ limitMs: 2_000 });
      const range = { environment, service: 'bot', since: at(0), until: at(1_000), stepSeconds: 1 };
      await impatient.write([span({})]);
      await faults.pause();
      try {
        const began = performance.now();
        const calls = [
          impatient.write([span({})]),
          impatient.logs({ environment, limit: 1 }),
          impatient.traces({ environment, limit: 1 }),
          impatient.trace(environment, newTraceId()),
          impatient.rates(range),
        ];
        for (const call of await Promise.allSettled(calls)) {
          expect(call).toMatchObject({ status: 'rejected', reason: unreachable });
        }
        expect(performance.now() - began).toBeLessThan(30_000);
      } finally {
        await faults.resume();
      }
      await goesOn();
      await until(() => impatient.rates(range), { what: 'it reads again', ...PATIENCE });
      await impatient.close();
    },
    'paused',
  );

  promise(
    'more at once than the server takes is told to be sent again, and nothing is lost',
    async () => {
      const { writes, characters, pushesBack } = await subject.rush();
      const [service, big] = [newService(), 'x'.repeat(characters)];
      let waiting: TelemetryDocument[] = Array.from({ length: writes }, (_, index) =>
        withAttribute(span({ service, at: at(index) }), { big }),
      );
      let sentBack = 0;
      await until(
        async () => {
          const results = await Promise.all(waiting.map(async (one) => ({ one, result: await tried([one]) })));
          const again = results.filter(({ result }) => result === undefined || result.rejected.length > 0);
          expect(again.flatMap(({ result }) => result?.rejected ?? []).filter(({ retry }) => !retry)).toEqual([]);
          waiting = again.map(({ one }) => one);
          sentBack += waiting.length;
          return waiting.length === 0;
        },
        { what: 'everything is taken', ...PATIENCE },
      );
      await found('every document', async () => {
        const rows = await bench.store.rates({
          environment,
          service,
          since: at(0),
          until: at(writes),
          stepSeconds: 60,
        });
        return rows[0]?.count === writes;
      });
      if (pushesBack) expect(sentBack).toBeGreaterThan(0);
    },
    'back-pressure',
  );

  promise(
    'closing lets a call that is under way come to its end',
    async () => {
      const own: TelemetryStore = await open();
      const service = newService();
      const writing = own.write(batch(1_000, service));
      await Promise.all([own.close(), own.close()]);
      expect(await writing).toMatchObject({ created: 1_000 });
      await expect(own.write([span({})])).rejects.toMatchObject({ code: 'telemetry.closed' });
      await expect(own.logs({ environment, limit: 1 })).rejects.toMatchObject({ code: 'telemetry.closed' });
      await found('every line', async () => (await lines(service)) === 1_000);
    },
    'close while busy',
  );

  promise(
    'an address where nothing listens is telemetry.unreachable',
    () => expect(subject.openUnreachable()).rejects.toMatchObject(unreachable),
    'unreachable',
  );
  promise(
    'credentials that are wrong are telemetry.refused',
    () => expect(subject.openWithWrongPassword()).rejects.toMatchObject({ code: 'telemetry.refused' }),
    'wrong credentials',
  );
  promise(
    'credentials of another environment neither read nor write this one: telemetry.refused',
    async () => {
      const refused = { code: 'telemetry.refused' };
      const [document] = batch(1);
      const asStranger = (work: (store: TelemetryStore) => Promise<unknown>): Promise<unknown> =>
        subject.openAsStranger().then((store) => work(store).finally(() => store.close()));
      await bench.store.write(batch(1));
      await expect(asStranger((store) => store.write(document ? [document] : []))).rejects.toMatchObject(refused);
      await expect(asStranger((store) => store.logs({ environment, limit: 1 }))).rejects.toMatchObject(refused);
      await expect(asStranger((store) => store.traces({ environment, limit: 1 }))).rejects.toMatchObject(refused);
      await expect(asStranger((store) => store.trace(environment, newTraceId()))).rejects.toMatchObject(refused);
    },
    'another environment',
  );
}

function withAttribute(
  document: Extract<TelemetryDocument, { span: SpanDocument }>,
  attributes: Attributes,
): TelemetryDocument {
  const { id, span } = document;
  return { id, span: { ...span, attributes: { ...span.attributes, ...attributes } } };
}
