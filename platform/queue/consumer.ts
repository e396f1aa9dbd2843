import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Pool } from '../database/postgres';
import { reconnectPause } from '../database/reconnect';
import type { Logger } from '../log';
import { pauseAfter } from './backoff';
import { handleTraced, logFailure, reasonOf } from './handling';
import type { Consumer, MessageHandler } from './queue';
import { exchange, look, renew } from './statements';
import type { Tally } from './tally';

export interface ConsumerOptions {
  readonly pool: Pool;
  readonly queue: string;
  readonly concurrency: number;
  readonly handler: MessageHandler;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly deliveryLimit: number;
  readonly tally: Tally;
  /** The connection whose end gives our messages back; undefined while it is being made again. */
  session(): string | undefined;
}

export interface PostgresConsumer extends Consumer {
  /** There may be something to take: at once, or together with what comes meanwhile when it came in quick succession. */
  notified(): void;
  /** The session is another one now: says so on the messages in hand, before others take them for lost. */
  readopt(): void;
}

/** One delivery: an attempt at a message. A later attempt at the same position is none of our business. */
interface Delivery {
  readonly position: string;
  readonly attempt: number;
}

interface Row extends Delivery {
  readonly id: string;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  readonly published_at: Date;
  readonly age: number;
}

const LOOK_MS = 500;
const IDLE_MS = 30_000;
const SOONEST_MS = 20;
/** A delivery that is done waits so long for a message that comes: then both are one turn. */
const SETTLE_MS = 100;
/** Notifications start a turn so often at most; the first message after a pause is taken at once. */
const PACE_MS = 50;
const GIVE_UP_MS = 5_000;

/**
 * Takes messages of one queue. A turn is one round trip that settles what is finished and fills the free hands; turns
 * follow one another without pause while there is work, and are started by notifications and by a timer otherwise.
 *
 *    notification ─┐                    ┌─ hands full: the next handler that ends starts a turn
 *    handler ended ┼─► turn ─► took? ───┤                 (while there is little to do, it waits 0.1 s for company)
 *    timer ────────┘                    └─ fewer: look for messages of lost consumers and for when the next is due,
 *                                          then sleep until then (0.5 s while others hold messages, at most 30 s)
 */
export function startConsumer(options: ConsumerOptions): PostgresConsumer {
  const { pool, queue, concurrency, handler, log, leaseMs, deliveryLimit, tally } = options;
  const leaseSeconds = leaseMs / 1000;
  const held = new Map<string, Delivery>(); // in a handler's hands or not settled yet
  let running = 0;
  let done: Delivery[] = [];
  let failed: (Delivery & { pause: number; reason: string })[] = [];
  let turning = false;
  let again = false;
  let busy = false; // the last turn left no hand free
  let failures = 0;
  let lastTurn = Number.NEGATIVE_INFINITY;
  let lastLook = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let stopping: Promise<void> | undefined;
  let settled: (() => void) | undefined;

  const wakeWithin = (ms: number): void => {
    const at = performance.now() + Math.max(ms, SOONEST_MS);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timerAt = Number.POSITIVE_INFINITY;
      wake();
    }, at - performance.now());
  };

  const wake = (): void => {
    again = true;
    if (turning) return;
    turning = true;
    setImmediate(() => context.with(ROOT_CONTEXT, () => void turns())); // handlers that end together settle together
  };

  const notified = (): void => {
    const since = performance.now() - lastTurn;
    if (since >= PACE_MS) wake();
    else wakeWithin(PACE_MS - since);
  };

  const turns = async (): Promise<void> => {
    try {
      while (again) {
        again = false;
        lastTurn = performance.now();
        const took = await turn();
        busy = took === 'full';
        failures = 0;
        if (took === 'fewer') await lookAround();
      }
    } catch (error) {
      const pause = reconnectPause(failures++);
      if (failures === 1) log.warn({ error, queue }, `Queue ${queue} does not answer, trying again`);
      wakeWithin(pause);
    } finally {
      turning = false;
    }
    if (again && failures === 0) wake();
    if (held.size === 0) settled?.();
  };

  const turn = async (): Promise<'fewer' | 'full'> => {
    const session = options.session();
    const wanted = stopping || session === undefined ? 0 : concurrency - running;
    if (wanted === 0 && done.length === 0 && failed.length === 0) return 'full';
    const settling = { done, failed };
    done = [];
    failed = [];
    try {
      const values: unknown[] = [
        queue,
        session ?? null,
        leaseSeconds,
        wanted,
        ...columns(settling.done),
        ...columns(settling.failed),
      ];
      values.push(settling.failed.map(({ pause }) => pause));
      values.push(settling.failed.map(({ reason }) => reason));
      const { rows } = await pool.query<Row>({ name: 'queue.exchange', text: exchange, values });
      tally.settled(queue, settling.done.length);
      for (const { position, attempt } of [...settling.done, ...settling.failed])
        if (held.get(position)?.attempt === attempt) held.delete(position); // else a later delivery came to us, too
      for (const { pause } of settling.failed) if (Number.isFinite(pause)) wakeWithin(pause * 1000);
      for (const row of rows.sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)))) take(row);
      return rows.length < wanted ? 'fewer' : 'full';
    } catch (error) {
      done = [...settling.done, ...done];
      failed = [...settling.failed, ...failed];
      throw error;
    }
  };

  const take = (row: Row): void => {
    held.set(row.position, row);
    if (row.attempt > deliveryLimit) {
      fail(row, `Message ${row.id} was delivered ${deliveryLimit} times, each time to a consumer that was lost`);
      return;
    }
    running++;
    void handle(row);
  };

  const handle = async (row: Row): Promise<void> => {
    const { id, body, headers, attempt, published_at: publishedAt } = row;
    try {
      const message = { id, body, headers, attempt, publishedAt };
      await handleTraced({ system: 'postgresql', queue, handler, log }, message, row.age);
      done.push(row);
      if (!busy && !stopping && done.length < concurrency / 2) {
        running--;
        return wakeWithin(SETTLE_MS);
      }
    } catch (error) {
      fail(row, `Handling message ${id} failed`, error);
    }
    running--;
    wake();
  };

  const fail = (row: Row, text: string, error?: unknown): void => {
    const { position, id, attempt } = row;
    const pauseMs = attempt >= deliveryLimit ? undefined : pauseAfter(attempt);
    const pause = pauseMs === undefined ? Number.POSITIVE_INFINITY : pauseMs / 1000;
    failed.push({ position, attempt, pause, reason: reasonOf(error ?? text) });
    logFailure(log, { queue, id, attempt, text, error }, pauseMs);
    again = true;
  };

  const lookAround = async (): Promise<void> => {
    const since = performance.now() - lastLook;
    if (since < LOOK_MS) return wakeWithin(LOOK_MS - since);
    lastLook = performance.now();
    const values = [queue, options.session() ?? ''];
    const { rows } = await pool.query<{ freed: number; others: boolean; due: number | null }>({
      name: 'queue.look',
      text: look,
      values,
    });
    const { freed = 0, others = false, due = null } = rows[0] ?? {};
    if (freed > 0) {
      log.info({ queue, freed }, `${freed} messages of lost consumers are free again`);
      again = true;
    }
    wakeWithin(Math.min(IDLE_MS, others ? LOOK_MS : IDLE_MS, due === null ? IDLE_MS : due * 1000));
  };

  const keep = async (): Promise<void> => {
    const session = options.session();
    if (session === undefined || held.size === 0) return;
    const values = [session, leaseSeconds, ...columns([...held.values()])];
    const run = () => pool.query({ name: 'queue.renew', text: renew, values });
    await run()
      .catch(run) // connections that idled may all have been cut
      .catch(() => undefined); // the next renewal comes before the lease ends
  };
  const renewal = setInterval(() => void keep(), leaseMs / 3);

  const stop = async (): Promise<void> => {
    const limit = performance.now() + GIVE_UP_MS;
    const settledAll = new Promise<void>((resolve) => {
      settled = () => {
        if (running === 0 && (held.size === 0 || performance.now() > limit)) resolve();
      };
    });
    wake();
    const giveUp = setInterval(() => settled?.(), 100); // what can not be settled for want of a server comes again
    await settledAll;
    clearInterval(giveUp);
    clearInterval(renewal);
    clearTimeout(timer);
    timerAt = Number.NEGATIVE_INFINITY;
  };

  wake();
  return {
    notified,
    readopt: () => void keep().then(wake),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function columns(deliveries: readonly Delivery[]): [string[], number[]] {
  return [deliveries.map(({ position }) => position), deliveries.map(({ attempt }) => attempt)];
}
