import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 15;

/**
 * Waits until `condition` gives something true and returns that. For conditions nobody announces; it is bounded, and
 * when the time is over it throws naming `what` and the last error of the condition, if it threw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 10_000, what }: { withinMs?: number; what: string },
): Promise<NonNullable<T>> {
  const limit = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > limit) throw new Error(`Not within ${withinMs} ms: ${what}`, { cause: last });
    await pause(POLL_MS);
  }
}
