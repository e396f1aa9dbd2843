import { explain } from '../platform/errors';
import type { Logger } from '../platform/log';
import { telemetryDocuments, telemetryWaiting } from '../platform/metrics';
import type { TelemetryDocument, TelemetryStore, WriteResult } from '../platform/telemetry/telemetry';
import { occasionally } from './occasionally';

export interface BufferOptions {
  readonly store: Pick<TelemetryStore, 'write'>;
  readonly log: Logger;
  /** Documents that may wait, and what they may weigh on the wire. */
  readonly capacity?: { readonly documents: number; readonly bytes: number };
  /** How long a first document waits for company. */
  readonly lingerMs?: number;
  /** Pause after the first failed write; doubles to at most `backoffLimitMs`. */
  readonly backoffMs?: number;
  readonly backoffLimitMs?: number;
}

export interface TelemetryBuffer {
  /** Takes all of them, or none: false when they do not fit. */
  offer(documents: readonly TelemetryDocument[], bytes: number): boolean;
  /** Documents taken but not yet stored. */
  waiting(): number;
  /** A sentence while the store does not take what waits; undefined when all is well. */
  trouble(): string | undefined;
  /** Takes no more, writes what waits, and gives up after `limitMs`; what is left then is counted as dropped. */
  close(limitMs: number): Promise<void>;
}

const BATCH_DOCUMENTS = 1_000;
/** Times that the store may send one document back, while it takes others, before it is dropped: some 80 s. */
const ATTEMPTS = 12;
const TELL_EVERY_MS = 30_000;
/** Nothing to do: the next offer wakes the loop. */
const IDLE_MS = 3_600_000;

interface Waiting {
  readonly document: TelemetryDocument;
  readonly bytes: number;
  readonly attempts: number;
}

/**
 * Between senders and the store. While the store is away, documents wait and writes are tried again, ever more slowly;
 * when there is no room left, senders are told so and keep theirs. Documents are dropped only when the store refuses
 * them for good, or sends them back again and again while it takes others, or when the program stops and the store is
 * still away.
 */
export function createBuffer(options: BufferOptions): TelemetryBuffer {
  const { store, log, lingerMs = 100, backoffMs = 500, backoffLimitMs = 10_000 } = options;
  const capacity = options.capacity ?? { documents: 20_000, bytes: 48 * 1024 * 1024 };
  const tellDropped = occasionally(TELL_EVERY_MS, Date.now);
  const tellTrouble = occasionally(TELL_EVERY_MS, Date.now);
  let queue: Waiting[] = [];
  /** Documents that the store sent back, to be written again from `due` on, while others go on. */
  let sentBack: { readonly due: number; readonly documents: readonly Waiting[] }[] = [];
  let count = 0;
  let bytes = 0;
  let failures = 0;
  let trouble: string | undefined;
  let closing = false;
  let abandoned = false;
  let writing: readonly Waiting[] = [];
  let wake: (() => void) | undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const settle = (settled: readonly Waiting[]): void => {
    count -= settled.length;
    for (const one of settled) bytes -= one.bytes;
    telemetryWaiting.set(count);
  };

  const drop = (dropped: readonly Waiting[], reason: string): void => {
    if (dropped.length === 0) return;
    settle(dropped);
    for (const { document } of dropped) telemetryDocuments.inc({ kind: kindOf(document), fate: 'dropped' });
    tellDropped(
      (times) =>
        log.warn({ event: 'telemetry.dropped', documents: times, reason }, `${times} documents dropped: ${reason}`),
      dropped.length,
    );
  };

  const waitAfter = (times: number): number =>
    Math.min(backoffLimitMs, backoffMs * 2 ** (times - 1)) * (0.75 + Math.random() / 2);

  const keepAll = async (batch: readonly Waiting[], why: string, error?: unknown): Promise<void> => {
    failures += 1;
    trouble = `Telemetry waits: ${why}`;
    queue = [...batch, ...queue];
    writing = [];
    tellTrouble((times) =>
      log.warn({ error, times, waiting: count }, 'The telemetry store takes nothing; trying again'),
    );
    await pause(waitAfter(failures));
  };

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    let result: WriteResult;
    try {
      result = await store.write(batch.map(({ document }) => document));
    } catch (error) {
      if (!abandoned) await keepAll(batch, explain(error), error);
      return;
    }
    const { duplicates, rejected } = result;
    const reasons = new Map(rejected.map((rejection) => [rejection.id, rejection]));
    const [first] = rejected;
    // That nothing was taken says something of the store, and nothing of the documents.
    if (first && batch.length > 1 && batch.every(({ document }) => reasons.get(document.id)?.retry)) {
      if (!abandoned) await keepAll(batch, `the store sends it back: ${first.reason}`);
      return;
    }
    failures = 0;
    trouble = undefined;
    const again = batch.filter(({ document, attempts }) => reasons.get(document.id)?.retry && attempts + 1 < ATTEMPTS);
    const retried = new Set(again);
    const lost = batch.filter((one) => reasons.has(one.document.id) && !retried.has(one));
    const done = batch.filter(({ document }) => !reasons.has(document.id));
    telemetryDocuments.inc({ kind: 'any', fate: 'duplicate' }, duplicates);
    for (const { document } of done) telemetryDocuments.inc({ kind: kindOf(document), fate: 'stored' });
    settle(done);
    drop(lost, lost[0] ? (reasons.get(lost[0].document.id)?.reason ?? '') : '');
    if (again.length === 0 || abandoned) return;
    const documents = again.map((one) => ({ ...one, attempts: one.attempts + 1 }));
    const times = Math.max(...documents.map(({ attempts }) => attempts));
    sentBack.push({ due: Date.now() + waitAfter(times), documents });
  };

  /** Resolves when there may be something to write: enough for a batch, what lingered, or what was sent back. */
  const company = async (): Promise<void> => {
    const enough = queue.length >= BATCH_DOCUMENTS || (closing && queue.length > 0);
    const untilDue = Math.min(...sentBack.map(({ due }) => Math.max(0, due - Date.now())));
    if (!enough) await pause(Math.min(untilDue, queue.length === 0 ? IDLE_MS : lingerMs));
    const due = sentBack.filter((one) => one.due <= Date.now());
    sentBack = sentBack.filter((one) => !due.includes(one));
    queue = [...due.flatMap(({ documents }) => documents), ...queue];
  };

  const run = async (): Promise<void> => {
    while (!abandoned && (!closing || queue.length > 0 || sentBack.length > 0)) {
      await company();
      writing = queue.splice(0, BATCH_DOCUMENTS);
      if (writing.length > 0) await writeBatch(writing);
      writing = [];
    }
  };
  const running = run();

  return {
    offer(documents, weight) {
      const full = count > 0 && (count + documents.length > capacity.documents || bytes + weight > capacity.bytes);
      if (closing || full) {
        telemetryDocuments.inc({ kind: 'any', fate: 'refused' }, documents.length);
        return false;
      }
      const wasEmpty = queue.length === 0;
      for (const document of documents) queue.push({ document, bytes: weight / documents.length, attempts: 0 });
      count += documents.length;
      bytes += weight;
      telemetryWaiting.set(count);
      if ((wasEmpty || queue.length >= BATCH_DOCUMENTS) && failures === 0) wake?.();
      return true;
    },
    waiting: () => count,
    trouble: () => trouble,
    async close(limitMs) {
      closing = true;
      wake?.();
      const limit = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), limitMs).unref());
      if ((await Promise.race([running, limit])) !== 'late') return;
      abandoned = true;
      wake?.();
      drop(
        [...writing, ...queue.splice(0), ...sentBack.flatMap(({ documents }) => documents)],
        'the program stopped while the store was away',
      );
    },
  };
}

function kindOf(document: TelemetryDocument): 'span' | 'log' {
  return 'span' in document ? 'span' : 'log';
}
