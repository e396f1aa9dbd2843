import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import { NoAnswer, withDeadline } from './deadline';
import type { Engine } from './engine';
import { statusOf, unreachable } from './failure';

const PROBE_MS = 1_000;
/** A host that is frozen or cut off takes calls and never answers: after so long without an answer to any it is lost. */
const PROBE_LIMIT_MS = 5_000;
/** What is done first when it answers, a list of what runs among it. */
const REACHED_LIMIT_MS = 10_000;
/** How long the first callers wait for a verdict. */
const FIRST_LIMIT_MS = PROBE_LIMIT_MS + REACHED_LIMIT_MS;

/**
 * Whether the engine can be reached, found out in the background, so that one dead host slows nobody down:
 *
 *     (start) ──► reached ◄──── answers again ────┐
 *        │           │                            │
 *        │           └─ probe or call unanswered ─► lost ──► calls fail at once
 *        └──────────── no answer ─────────────────►
 */
export interface Link {
  readonly engine: Engine;
  readonly reached: boolean;
  /**
   * Does `work` while the engine is reached. Its signal aborts when the engine is lost, or after `limitMs`.
   * @throws `hosts.unreachable` or `hosts.refused` at once while it is not; what the engine answers is passed on
   */
  run<T>(limitMs: number, work: (engine: Engine, signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * A stream that ends with an error when the engine is lost or `signal` aborts. Its first byte has to come within 10 s.
   * @throws as `run`
   */
  stream(signal: AbortSignal, open: (engine: Engine, signal: AbortSignal) => Promise<Readable>): Promise<Readable>;
  /** Resolves when the engine is known to be reached or not, at most after 15 s. */
  known(): Promise<void>;
  /** Resolves at the next change between reached and lost. */
  changed(signal?: AbortSignal): Promise<void>;
  /** To be called when something suggests that the engine is away: it is looked at now. */
  doubt(): void;
  close(): Promise<void>;
}

/**
 * @param onReached what has to be done before calls are let through; its signal aborts when the engine is lost. When it
 * fails the engine counts as lost.
 */
export function openLink(engine: Engine, onReached: (signal: AbortSignal) => Promise<void>): Link {
  const closing = new AbortController();
  let session: AbortController | undefined;
  let trouble: EdwinError | undefined;
  /** When it last answered a call. */
  let aliveAt = Number.NEGATIVE_INFINITY;
  const waiting = new Set<() => void>();
  let wake = (): void => undefined;

  const turn = (): void => {
    for (const callback of [...waiting]) callback();
  };
  const lost = (error: unknown): void => {
    trouble = unreachable(engine, error);
    session?.abort(trouble);
    session = undefined;
    engine.refresh();
    turn();
  };
  /** A busy engine may be late with this answer while it gives others. */
  const hear = async (): Promise<void> => {
    for (let limitMs = PROBE_LIMIT_MS; ; ) {
      try {
        return await withDeadline(limitMs, [closing.signal], (signal) => ping(engine, signal));
      } catch (error) {
        const leftMs = aliveAt + PROBE_LIMIT_MS - performance.now();
        if (!(error instanceof NoAnswer) || session === undefined || leftMs <= 0) throw error;
        limitMs = Math.max(leftMs, PROBE_MS);
      }
    }
  };
  const probe = async (): Promise<void> => {
    try {
      await hear();
      if (session !== undefined) return;
      const fresh = new AbortController();
      await withDeadline(REACHED_LIMIT_MS, [closing.signal], () => onReached(fresh.signal)).catch((error) => {
        fresh.abort(error);
        throw error;
      });
      [session, trouble] = [fresh, undefined];
      turn();
    } catch (error) {
      if (!closing.signal.aborted) lost(error);
    }
  };
  const loop = (async () => {
    while (!closing.signal.aborted) {
      await probe();
      const awake = new AbortController();
      wake = () => awake.abort();
      if (closing.signal.aborted) return;
      await pause(PROBE_MS, undefined, { signal: awake.signal, ref: false }).catch(() => undefined);
    }
  })();

  const changed = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      if (signal?.aborted || closing.signal.aborted) return resolve();
      waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  const known = async (): Promise<void> => {
    if (session === undefined && trouble === undefined) await changed(AbortSignal.timeout(FIRST_LIMIT_MS));
  };

  const run: Link['run'] = async (limitMs, work) => {
    await known();
    const open = session;
    if (open === undefined) throw trouble ?? unreachable(engine, new NoAnswer(FIRST_LIMIT_MS));
    try {
      const result = await withDeadline(limitMs, [open.signal, closing.signal], (signal) => work(engine, signal));
      aliveAt = performance.now();
      return result;
    } catch (error) {
      if (statusOf(error) !== undefined || error instanceof EdwinError) throw error;
      wake();
      throw unreachable(engine, error);
    }
  };

  return {
    engine,
    get reached() {
      return session !== undefined;
    },
    known,
    changed,
    doubt: () => wake(),
    run,
    async stream(signal, begin) {
      await known();
      const parents = [session?.signal, closing.signal, signal].filter((each) => each !== undefined);
      const own = new AbortController();
      const stop = (): void => own.abort();
      const release = (): void => {
        for (const parent of parents) parent.removeEventListener('abort', stop);
      };
      for (const parent of parents) parent.addEventListener('abort', stop, { once: true });
      try {
        const stream = await run(REACHED_LIMIT_MS, () => begin(engine, own.signal));
        return stream.once('close', release);
      } catch (error) {
        release();
        own.abort();
        throw error;
      }
    },
    async close() {
      closing.abort(new EdwinError('hosts.unreachable', `The connection to ${engine.host.name} is being closed.`));
      session?.abort(closing.signal.reason);
      wake();
      turn();
      await loop;
    },
  };
}

/** A second try on a new connection, since a kept one may have ended with an engine that was only restarted. */
async function ping(engine: Engine, signal: AbortSignal): Promise<void> {
  const once = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const request = { path: '/_ping', method: 'GET', statusCodes: { 200: true }, abortSignal: signal };
      engine.calls.modem.dial(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  await once().catch((error) => {
    if (signal.aborted || statusOf(error) !== undefined) throw error;
    engine.refresh();
    return once();
  });
}
