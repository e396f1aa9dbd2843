import { EdwinError } from '../platform/errors';
import { silent } from '../platform/log';
import { metrics } from '../platform/metrics';
import type { TelemetryDocument, WriteResult } from '../platform/telemetry/telemetry';
import { newTraceId, sampleLog, sampleSpan } from '../test/documents';
import { until } from '../test/until';
import { createBuffer } from './buffer';

const document = (): TelemetryDocument =>
  sampleSpan({ environment: 'dev', traceId: newTraceId(), at: new Date('2026-11-23T08:00:00Z') });
const documents = (count: number): TelemetryDocument[] => Array.from({ length: count }, document);
const fast = { lingerMs: 1, backoffMs: 1, backoffLimitMs: 5, log: silent };

/** A store in memory whose answers a test can steer: what to reject, or that it is away. */
function steerable() {
  const stored = new Map<string, TelemetryDocument>();
  const state = {
    stored,
    away: false,
    batches: [] as number[],
    reject: (_: TelemetryDocument): WriteResult['rejected'][number] | undefined => undefined,
    async write(batch: readonly TelemetryDocument[]): Promise<WriteResult> {
      if (state.away) throw new EdwinError('telemetry.unreachable', 'The store does not answer.');
      state.batches.push(batch.length);
      const rejected = batch.map((one) => state.reject(one)).filter((one) => one !== undefined);
      const refused = new Set(rejected.map(({ id }) => id));
      for (const one of batch) if (!refused.has(one.id)) stored.set(one.id, one);
      return { created: batch.length - rejected.length, duplicates: 0, rejected };
    },
  };
  return state;
}

const dropped = async (): Promise<number> => {
  const series = (await metrics.getSingleMetric('edwin_telemetry_documents_total')?.get())?.values ?? [];
  return series.filter(({ labels }) => labels['fate'] === 'dropped').reduce((sum, { value }) => sum + value, 0);
};

describe('the buffer between senders and the store', () => {
  it('writes what it is offered, in batches', async () => {
    const store = steerable();
    const buffer = createBuffer({ ...fast, store });
    expect(buffer.offer(documents(2_500), 1_000)).toBe(true);
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect(store.stored.size).toBe(2_500);
    expect(Math.max(...store.batches)).toBe(1_000);
    await buffer.close(1_000);
  });

  it('keeps documents while the store is away, and writes them when it is back', async () => {
    const store = steerable();
    store.away = true;
    const buffer = createBuffer({ ...fast, store });
    buffer.offer(documents(10), 100);
    await until(() => buffer.trouble(), { what: 'trouble' });
    expect(buffer.trouble()).toContain('does not answer');
    expect(buffer.waiting()).toBe(10);
    store.away = false;
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect(store.stored.size).toBe(10);
    expect(buffer.trouble()).toBeUndefined();
    await buffer.close(1_000);
  });

  it('refuses what does not fit, by number and by weight, and takes it when there is room', async () => {
    const store = steerable();
    store.away = true;
    const buffer = createBuffer({ ...fast, store, capacity: { documents: 100, bytes: 10_000 } });
    expect(buffer.offer(documents(60), 1_000)).toBe(true);
    expect(buffer.offer(documents(60), 1_000)).toBe(false);
    expect(buffer.offer(documents(1), 9_500)).toBe(false);
    expect(buffer.offer(documents(40), 1_000)).toBe(true);
    store.away = false;
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect(buffer.offer(documents(60), 1_000)).toBe(true);
    await buffer.close(1_000);
    expect(store.stored.size).toBe(160);
  });

  it('what is larger than the whole room is taken when nothing else waits', async () => {
    const store = steerable();
    const buffer = createBuffer({ ...fast, store, capacity: { documents: 10, bytes: 10 } });
    expect(buffer.offer(documents(50), 1_000)).toBe(true);
    await buffer.close(1_000);
    expect(store.stored.size).toBe(50);
  });

  it('a document that the store refuses for good is dropped alone, and counted', async () => {
    const store = steerable();
    const [bad, ...good] = documents(5);
    store.reject = (one) => (one.id === bad?.id ? { id: one.id, reason: 'no such day', retry: false } : undefined);
    const buffer = createBuffer({ ...fast, store });
    const before = await dropped();
    buffer.offer([...good, bad as TelemetryDocument], 100);
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect(store.stored.size).toBe(4);
    expect(await dropped()).toBe(before + 1);
    await buffer.close(1_000);
  });

  it('a document that the store sends back is written again, a few times', async () => {
    const store = steerable();
    const [busy, never] = documents(2);
    let refusals = 2;
    store.reject = (one) => {
      const again = one.id === never?.id || (one.id === busy?.id && refusals-- > 0);
      return again ? { id: one.id, reason: 'too busy', retry: true } : undefined;
    };
    const buffer = createBuffer({ ...fast, store });
    const before = await dropped();
    buffer.offer([busy, never] as TelemetryDocument[], 100);
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect([...store.stored.keys()]).toEqual([busy?.id]);
    expect(await dropped()).toBe(before + 1);
    await buffer.close(1_000);
  });

  it('a store that sends everything back is one that is away: nothing is dropped, however long it lasts', async () => {
    const store = steerable();
    let refusals = 30 * 10;
    store.reject = ({ id }) => (refusals-- > 0 ? { id, reason: 'too busy', retry: true } : undefined);
    const buffer = createBuffer({ ...fast, store });
    const before = await dropped();
    buffer.offer(documents(10), 100);
    await until(() => buffer.trouble(), { what: 'trouble' });
    expect(buffer.trouble()).toContain('too busy');
    await until(() => buffer.waiting() === 0, { what: 'an empty buffer' });
    expect(store.stored.size).toBe(10);
    expect(buffer.trouble()).toBeUndefined();
    expect(await dropped()).toBe(before);
    await buffer.close(1_000);
  });

  it('what was sent back waits apart, and holds nobody up', async () => {
    const store = steerable();
    const [busy, ...others] = documents(5);
    store.reject = ({ id }) => (id === busy?.id ? { id, reason: 'too busy', retry: true } : undefined);
    const buffer = createBuffer({ ...fast, backoffMs: 60_000, backoffLimitMs: 60_000, store });
    buffer.offer([busy, ...others] as TelemetryDocument[], 100);
    await until(() => buffer.waiting() === 1, { what: 'the others are written' });
    buffer.offer(documents(3), 100);
    await until(() => store.stored.size === 7, { what: 'later ones are written' });
    expect(buffer.waiting()).toBe(1);
    const before = await dropped();
    await buffer.close(10);
    expect(await dropped()).toBe(before + 1);
  });

  it('closing writes what waits, and takes no more', async () => {
    const store = steerable();
    const buffer = createBuffer({ ...fast, lingerMs: 60_000, store });
    buffer.offer(documents(3), 10);
    buffer.offer([sampleLog({ environment: 'dev', at: new Date(), text: 'last' })], 10);
    await buffer.close(5_000);
    expect(store.stored.size).toBe(4);
    expect(buffer.offer(documents(1), 10)).toBe(false);
  });

  it('closing gives up in time when the store stays away, and counts what is lost', async () => {
    const store = steerable();
    store.away = true;
    const buffer = createBuffer({ ...fast, store });
    buffer.offer(documents(7), 10);
    const before = await dropped();
    await buffer.close(50);
    expect(await dropped()).toBe(before + 7);
    expect(buffer.waiting()).toBe(0);
  });
});
