import { setMaxListeners } from 'node:events';
import type { Logger } from '../../platform/log';
import type { Reply } from '../../platform/messages';
import type { Gate } from './gate';
import type { Serve } from './serve';
import type { Session } from './session';
import type { Claim, SendStore } from './store';
import { withinWindow } from './window';

export interface Pump {
  /** Stores replies, and begins those whose turn it is. Returns the ids of those that are new. */
  take(
    replies: readonly { readonly reply: Reply; readonly headers: Record<string, string> }[],
  ): Promise<ReadonlySet<string>>;
  /** Something may be due. */
  poke(): void;
  /** Takes no more students, finishes the calls that are under way, and lets go of every claim. */
  stop(): Promise<void>;
}

export interface PumpDeps {
  readonly store: SendStore;
  readonly session: Session;
  readonly gate: Gate;
  readonly serve: Serve;
  /** Kept by the pump: the claims that are served now. */
  readonly serving: Set<Claim>;
  /** Students served at once. */
  readonly concurrency: number;
  readonly log: Logger;
}

/** Finds what other gateways stored and left behind. */
const POLL_MS = 1_000;
const RENEW_MS = 8_000;
/** Nearer to the end of a window than this, the clock of the database decides. */
const CLOCK_SKEW_MS = 3_600_000;

/**
 * Serves students with replies due until nothing is due. Most are claimed with the reply that makes them due, in the
 * statement that stores it; the loop finds the others, and idle it costs one statement a second.
 */
export function startPump({ store, session, gate, serve, serving, concurrency, log }: PumpDeps): Pump {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every student who is served may wait for it
  const active = new Set<Promise<void>>();
  let taking = 0;
  /** More may be due than could be claimed: the next who is served makes room for it. */
  let starved = false;
  /** A claim may have been made whose answer was lost. */
  let uncertain = false;
  let poked = false;
  let wake: () => void = () => undefined;

  const poke = (): void => {
    poked = true;
    wake();
  };
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (poked) wake();
    });

  const start = (claim: Claim): void => {
    serving.add(claim);
    const work = serve(claim, stopping.signal)
      .then((again) => {
        if (again) setTimeout(poke, again.getTime() - Date.now() + 5).unref();
      })
      .catch((error: unknown) =>
        log.error({ error, student: claim.student }, 'Serving a student failed; the claim runs out'),
      )
      .finally(() => {
        active.delete(work);
        serving.delete(claim);
        if (starved) poke();
      });
    active.add(work);
  };

  const take: Pump['take'] = async (replies) => {
    const open = !uncertain && !stopping.signal.aborted && gate.closedFor(Date.now()) === 0;
    const identity = open ? session.current() : undefined;
    let free = identity === undefined ? 0 : concurrency - active.size;
    const soon = new Date(Date.now() + CLOCK_SKEW_MS);
    const arrivals = replies.map(({ reply, headers }) => {
      const inWindow = withinWindow(new Date(reply.windowStart), soon);
      return { reply, headers, atOnce: inWindow && free-- > 0 };
    });
    taking += 1;
    try {
      const { added, claims, due } = await store.arrive(arrivals, identity);
      for (const claim of claims) start(claim);
      if (due) poke();
      return added;
    } catch (error) {
      uncertain = true;
      throw error;
    } finally {
      taking -= 1;
    }
  };

  /** Returns how long there is nothing to do. */
  const round = async (): Promise<number> => {
    const identity = session.current();
    if (identity && uncertain && taking === 0) {
      await store.adopt(identity, identity, students());
      uncertain = false;
    }
    const closed = gate.closedFor(Date.now());
    if (closed > 0) return closed;
    const free = concurrency - active.size;
    starved = free <= 0;
    if (!identity || starved) return POLL_MS;
    const claims = await store.claim(identity, free);
    starved = claims.length === free;
    for (const claim of claims) start(claim);
    return POLL_MS;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      poked = false;
      const pause = await round().catch((error: unknown) => {
        uncertain = true;
        log.warn({ error }, 'The database does not answer; replies wait');
        return POLL_MS;
      });
      if (!stopping.signal.aborted) await rest(pause);
    }
  };
  const students = () => [...serving].map(({ student }) => student);
  const renewing = setInterval(() => {
    const identity = session.current();
    if (identity && serving.size > 0)
      store.renew(identity, students()).catch((error: unknown) => log.warn({ error }, 'Leases could not be renewed'));
  }, RENEW_MS);
  const running = loop();

  return {
    take,
    poke,
    stop: async () => {
      stopping.abort();
      wake();
      await running;
      while (active.size > 0) await Promise.all(active);
      clearInterval(renewing);
    },
  };
}
