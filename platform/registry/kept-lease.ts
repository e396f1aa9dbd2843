import type { Lease } from './registry';

/** A lease as its keeper sees it. */
export interface KeptLease extends Lease {
  /** Stops the renewal and aborts `lost`. */
  lose(reason: string): void;
}

export interface Taken {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  readonly ttlSeconds: number;
  /** Time of `performance.now()` from before it was asked for. */
  readonly asked: number;
  /** False when somebody else may have it. A rejection leaves it open. */
  renew(): Promise<boolean>;
  free(): Promise<void>;
}

/** Part of the time to live after which, without a renewal, the holder stops being sure: before others can take it. */
const SURE = 0.9;

/** Renews a lease at a third of its time to live until it is released or lost, and knows by its own clock when it is. */
export function keepLease({ name, holder, fence, ttlSeconds, asked, renew, free }: Taken): KeptLease {
  const lost = new AbortController();
  let over = false;
  let renewing = false;
  let deadline: NodeJS.Timeout | undefined;
  const end = (): void => {
    over = true;
    clearInterval(renewal);
    clearTimeout(deadline);
  };
  const lose = (reason: string): void => {
    end();
    lost.abort(new Error(`The lease ${name} (fence ${fence}) was lost: ${reason}`));
  };
  const sureFrom = (start: number): void => {
    clearTimeout(deadline);
    const left = start + ttlSeconds * 1000 * SURE - performance.now();
    deadline = setTimeout(() => lose('it could not be renewed in time'), Math.max(0, left));
  };
  const renewOnce = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    const start = performance.now();
    try {
      const renewed = await renew();
      if (over) return;
      if (renewed) sureFrom(start);
      else lose('its time was over, or another holder has it');
    } catch {
      // the deadline decides
    } finally {
      renewing = false;
    }
  };
  const renewal = setInterval(() => void renewOnce(), (ttlSeconds * 1000) / 3);
  sureFrom(asked);
  const release = async (): Promise<void> => {
    if (over) return;
    end();
    await free();
  };
  return { name, holder, fence, lost: lost.signal, release, lose };
}
