import { EdwinError } from '../platform/errors';
import { isFit, newFit } from './fit';
import { newMemory } from './forecast';
import { type Fit, HORIZONS, type LoadMemory } from './memory';
import { newPace, type Pace } from './pace';
import { newReplay } from './replay';
import { newExceeded } from './tame';

/** What `decide` carries from one decision to the next. Plain JSON of bounded size; never changed, always replaced. */
export interface State {
  readonly version: 1;
  readonly services: Readonly<Record<string, ServiceState>>;
  readonly pools: Readonly<Record<string, PoolState>>;
}

export interface ServiceState {
  readonly memory: Readonly<LoadMemory>;
  readonly pace: Pace;
  /** Newest `measuredAt` that was taken in. */
  readonly measuredAt: number;
  readonly wanted: readonly Wanted[];
  /** When instances were added last. */
  readonly lastOut: number;
  /** Since when the load looks as if something upstream were broken. */
  readonly dropSince?: number;
}

export interface PoolState {
  /** Seconds that the newest hosts booted, newest last. */
  readonly boots: readonly number[];
  /** Share of launches that never came up, the newest counting most. */
  readonly failing: number;
  /** Hosts that were booting when the pool was looked at last. */
  readonly booting: readonly string[];
  readonly wanted: readonly Wanted[];
  readonly lastOut: number;
  /** Types and zones where hosts did not come up, and until when they are avoided. */
  readonly avoided: readonly { readonly type: string; readonly zone: string; readonly until: number }[];
}

/** The most that was wanted in a minute. */
export interface Wanted {
  readonly minute: number;
  readonly count: number;
}

export const newState: State = { version: 1, services: {}, pools: {} };

export const newServiceState = (): ServiceState => ({
  memory: newMemory(),
  pace: newPace,
  measuredAt: 0,
  wanted: [],
  lastOut: 0,
});

export const newPoolState: PoolState = { boots: [], failing: 0, booting: [], wanted: [], lastOut: 0, avoided: [] };

export function saveState(state: State): string {
  return JSON.stringify(state);
}

/** What `saveState` wrote, exactly; figures that an older Edwin did not write yet begin anew. Throws `autoscaler.bad-state`. */
export function restoreState(text: string): State {
  let state: Partial<State> | null;
  try {
    state = JSON.parse(text) as Partial<State> | null;
  } catch (cause) {
    throw new EdwinError('autoscaler.bad-state', 'The learned state is no JSON.', { cause });
  }
  const { version, services, pools } = state ?? {};
  if (version !== 1)
    throw new EdwinError('autoscaler.bad-state', `The learned state has version ${String(version)}; 1 is understood.`);
  if (!services || typeof services !== 'object' || !pools || typeof pools !== 'object')
    throw new EdwinError('autoscaler.bad-state', 'The learned state lacks its services or pools.');
  return {
    version,
    services: mapped(services, (state) => ({
      ...state,
      pace: { ...newPace, ...state.pace },
      memory: {
        ...state.memory,
        fits: state.memory.fits.every(isFit) ? state.memory.fits.map(completeFit) : HORIZONS.map(newFit),
        replay: { ...newReplay(), ...state.memory.replay },
      },
    })),
    pools: mapped(pools, (state) => ({ ...newPoolState, ...state })),
  };
}

/** What an older Edwin did not write yet. */
function completeFit(fit: Fit): Fit {
  return { ...fit, exceeded: fit.exceeded ?? newExceeded() };
}

function mapped<T>(states: Readonly<Record<string, T>>, change: (state: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(states).map(([name, state]) => [name, change(state)]));
}

/** Notes what is wanted now, and forgets what lies `minutes` back. */
export function note(wanted: readonly Wanted[], minute: number, count: number, minutes: number): Wanted[] {
  const kept = wanted.filter((entry) => entry.minute > minute - minutes && entry.minute < minute);
  const now = wanted.find((entry) => entry.minute === minute)?.count ?? 0;
  return [...kept, { minute, count: Math.max(now, count) }];
}
