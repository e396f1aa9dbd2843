import { randomBytes } from 'node:crypto';
import { type Column, promised } from '../../test/contract';
import { newTraceId, type SampleLog, type SampleSpan, sampleLog, sampleSpan } from '../../test/documents';
import { until } from '../../test/until';
import type { LogQuery, TelemetryDocument, TelemetryStore, WriteResult } from './telemetry';

/** What the parts of the suite share: one open store, environments of its own, and documents for them. */
export class TelemetryBench {
  readonly environment = `stage${randomBytes(4).toString('hex')}`;
  readonly other = `prod${randomBytes(4).toString('hex')}`;
  readonly open: () => Promise<TelemetryStore>;
  store!: TelemetryStore;
  readonly #unsupported: Readonly<Record<string, string>>;

  constructor(open: () => Promise<TelemetryStore>, unsupported: Readonly<Record<string, string>>) {
    this.open = open;
    this.#unsupported = unsupported;
    beforeAll(async () => {
      this.store = await open();
    });
    afterAll(() => this.store.close());
  }

  readonly promise = (name: string, work: () => Promise<void>, ...covers: Column[]): void =>
    promised(name, work, { covers, unsupported: this.#unsupported[name] });

  readonly at = (ms: number): Date => new Date(Date.UTC(2026, 10, 23, 8) + ms);
  readonly newService = (): string => `service-${randomBytes(4).toString('hex')}`;
  readonly span = (sample: Partial<SampleSpan>) =>
    sampleSpan({ environment: this.environment, traceId: newTraceId(), at: this.at(0), ...sample });
  readonly log = (sample: Partial<SampleLog>) =>
    sampleLog({ environment: this.environment, at: this.at(0), text: 'a line', ...sample });

  /** Waits until a document is found that was written: two seconds, and as much again for a machine that is busy. */
  readonly found = <T>(what: string, condition: () => Promise<T>): Promise<NonNullable<T>> =>
    until(condition, { what, withinMs: 4_000 });

  readonly texts = async (query: Partial<LogQuery>): Promise<string[]> => {
    const logs = await this.store.logs({ environment: this.environment, limit: 100, ...query });
    return logs.map(({ body }) => body.text ?? '');
  };

  /** Writes, and waits until each document that belongs to a trace is found. */
  readonly writeAll = async (documents: readonly TelemetryDocument[]): Promise<WriteResult> => {
    const result = await this.store.write(documents);
    for (const document of documents) {
      const { trace_id, data_stream } = 'span' in document ? document.span : document.log;
      if (trace_id === undefined) continue;
      await this.found('what was written', async () => {
        const { spans, logs } = await this.store.trace(data_stream.namespace, trace_id);
        return 'span' in document
          ? spans.some(({ span_id }) => span_id === document.span.span_id)
          : logs.some(({ span_id }) => span_id === document.log.span_id);
      });
    }
    return result;
  };
}
