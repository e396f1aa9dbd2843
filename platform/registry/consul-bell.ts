import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { reconnectPause } from '../database/reconnect';
import type { Logger } from '../log';
import { oursAndNodes } from './consul-checks';
import type { ConsulClient } from './consul-client';

/** How long Consul may keep a question until something changes; it adds up to a sixteenth of that. */
const WAIT_SECONDS = 10;
/** When nothing is heard for this long after that, the agent is frozen or the network silent. */
const MARGIN_MS = 2_000;
/** Between questions while only what is not ours changes. */
const ELSEWHERE_MS = 100;

/**
 * Asks Consul over and over, by blocking queries, whether entries have changed, and calls `onRing` when they have.
 * `anew` is true when changes may have been missed, because Consul did not answer for a while. An index that goes back
 * (a snapshot was restored, the server is another) begins anew as well.
 */
export function startBell(
  client: ConsulClient,
  onRing: (anew: boolean) => void,
  log: Logger,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let index: number | undefined;
  let seen: unknown;
  let failures = 0;

  const question = async (): Promise<void> => {
    const since = index === undefined ? {} : { index, wait: `${WAIT_SECONDS}s` };
    const { body, index: next } = await client.ask(
      (api, options) => api.health.state({ ...options, ...since, state: 'any', filter: oursAndNodes }),
      { limitMs: WAIT_SECONDS * 1_000 * (1 + 1 / 16) + MARGIN_MS, signal, again: false },
    );
    const moved = next !== index;
    index = next > 0 && (index === undefined || next >= index) ? next : undefined;
    const changed = !isDeepStrictEqual(body, seen);
    seen = body;
    if (failures > 0 || changed) onRing(failures > 0);
    failures = 0;
    if (moved && !changed) await pause(ELSEWHERE_MS, undefined, { signal });
  };
  const loop = (async () => {
    while (!signal.aborted) {
      try {
        await question();
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) log.warn({ error }, 'Consul does not tell of changes, it is asked again');
        index = undefined;
        await pause(reconnectPause(failures++), undefined, { signal }).catch(() => undefined);
      }
    }
  })();
  return {
    stop() {
      stopping.abort();
      return loop;
    },
  };
}
