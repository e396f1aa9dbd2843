import { unusual } from './forecast';
import type { ServiceSignals } from './signals';
import type { ServiceState } from './state';

/** A load this far below the usual (in usual distances, and as a share of it) looks like an outage upstream. */
const FAR_BELOW = 4;
const SMALL_SHARE = 0.3;
/** After so long the small load is believed. */
const BELIEVED_MS = 2 * 3_600_000;

/** Since when the load looks as if something upstream were broken; undefined: it does not. */
export function dropSince(state: ServiceState, now: number): number | undefined {
  const found = unusual(state.memory);
  if (found === undefined || found.below < FAR_BELOW) return undefined;
  return state.memory.averages[0]! < SMALL_SHARE * found.usual ? (state.dropSince ?? now) : undefined;
}

/** Why nothing may shrink now, as the end of a sentence; undefined: it may. */
export function shrinkBlocker(
  service: string,
  signals: ServiceSignals | undefined,
  state: ServiceState | undefined,
  incidents: readonly string[],
  now: number,
  staleSeconds: number,
): string | undefined {
  if (incidents.length > 0) return `an incident is open (${incidents[0]!.slice(0, 100)})`;
  if (signals === undefined || state === undefined) return `${service} is not measured`;
  const age = (now - signals.measuredAt) / 1000;
  if (!(age <= staleSeconds)) return `the figures of ${service} are ${Math.round(age)} s old`;
  if (signals.deploying) return `${service} is being deployed`;
  if (state.dropSince !== undefined && now - state.dropSince < BELIEVED_MS) {
    const usual = unusual(state.memory)?.usual ?? 0;
    return `${service} gets ${shown(signals.arrivalRate)}/s where ${shown(usual)}/s are usual, as if something upstream were broken`;
  }
  return undefined;
}

/** A figure as people read it. */
export function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
