import type { Logger } from '../../platform/log';
import type { Gate } from './gate';
import type { Serve } from './serve';
import type { Session } from './session';
import type { Claim, SendStore } from './store';

export interface Pump {
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
  /** Students served at once. */
  readonly concurrency: number;
  readonly log: Logger;
}

/** Finds what other gateways stored and left behind. */
const POLL_MS = 1_000;
const RENEW_MS = 8_000;

/** Claims students with replies due and serves each until nothing is due; idle, it costs one statement a second. */
export function startPump({ store, session, gate, serve, concurrency, log }: PumpDeps): Pump {
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();
  let nextWake = Number.POSITIVE_INFINITY;
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
    const work = serve(claim, stopping.signal)
      .then((again) => {
        if (again) nextWake = Math.min(nextWake, again.getTime());
      })
      .catch((error: unknown) =>
        log.error({ error, student: claim.student }, 'Serving a student failed; the claim runs out'),
      )
      .finally(() => {
        active.delete(work);
        poke();
      });
    active.add(work);
  };

  /** Returns how long there is nothing to do. */
  const round = async (): Promise<number> => {
    const closed = gate.closedFor(Date.now());
    if (closed > 0) return closed;
    const identity = session.current();
    const free = concurrency - active.size;
    if (!identity || free === 0) return POLL_MS;
    const claims = await store.claim(identity, free);
    for (const claim of claims) start(claim);
    if (claims.length > 0) return 0;
    return Math.min(POLL_MS, Math.max(1, nextWake - Date.now()));
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      poked = false;
      if (nextWake <= Date.now()) nextWake = Number.POSITIVE_INFINITY;
      const pause = await round().catch((error: unknown) => {
        log.warn({ error }, 'The database does not answer; replies wait');
        return POLL_MS;
      });
      if (pause > 0 && !stopping.signal.aborted) await rest(pause);
    }
  };
  const renewing = setInterval(() => {
    const identity = session.current();
    if (identity && active.size > 0)
      store.renew(identity).catch((error: unknown) => log.warn({ error }, 'Leases could not be renewed'));
  }, RENEW_MS);
  const running = loop();

  return {
    poke,
    stop: async () => {
      stopping.abort();
      wake();
      await running;
      await Promise.all(active);
      clearInterval(renewing);
    },
  };
}
