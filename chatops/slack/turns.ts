/** How many are worked on at once, and how long one may hold its turn; a build goes on without one. */
const AT_ONCE = 4;
const TURN_MS = 1_000;
/** More than that can not wait; fifty a second would have to go unanswered for forty seconds. */
const MOST_WAITING = 2_000;

/**
 * Work in turns, first come first served, so that a rush of commands leaves room to acknowledge those that arrive
 * meanwhile. `take` answers false when too much waits.
 */
export function openTurns(): { take(work: () => Promise<void>): boolean } {
  const waiting: (() => Promise<void>)[] = [];
  let busy = 0;
  const next = (): void => {
    if (busy >= AT_ONCE) return;
    const work = waiting.shift();
    if (work === undefined) return;
    busy += 1;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      busy -= 1;
      setImmediate(next);
    };
    const limit = setTimeout(release, TURN_MS);
    void work().finally(() => {
      clearTimeout(limit);
      release();
    });
  };
  return {
    take(work) {
      if (waiting.length >= MOST_WAITING) return false;
      waiting.push(work);
      setImmediate(next);
      return true;
    },
  };
}
