import { type CalendarRule, limitsAt } from './calendar';
import type { PoolPolicy } from './policy';
import type { LedgerEntry } from './signals';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Where they come from, for the sentence. */
  readonly minReason: string;
  readonly maxReason: string;
}

/** The policy's bounds, bent by the calendar: an off-peak floor may not lie below `min`, a cap wins over a floor. */
export function boundsAt(
  { min, max, calendar }: { readonly min: number; readonly max: number; readonly calendar: readonly CalendarRule[] },
  now: number,
  lead: number,
  place: { readonly timeZone: string; readonly holidays: readonly string[] },
): Bounds {
  const limits = limitsAt(calendar, now, lead, place);
  const cap = Math.min(max, Math.max(limits.max, 0));
  const floor = Math.min(cap, Math.max(min, limits.min));
  return {
    min: floor,
    max: cap,
    minReason: limits.min > min && limits.floorReason !== undefined ? limits.floorReason : 'the policy says so',
    maxReason: limits.max < max && limits.capReason !== undefined ? limits.capReason : 'the policy says so',
  };
}

/** Bounds within those that people wrote into the ledger. */
export function withLedger(bounds: Bounds, entry: LedgerEntry | undefined): Bounds {
  if (entry === undefined) return bounds;
  const said = `${entry.author} said so (${entry.reason})`;
  const max = Math.min(bounds.max, entry.max);
  const min = Math.min(max, Math.max(bounds.min, entry.min));
  return {
    min,
    max,
    minReason: min > bounds.min ? said : bounds.minReason,
    maxReason: max < bounds.max ? said : bounds.maxReason,
  };
}

/** For hosts: also what the provider lets us have, and what may be spent. */
export function hostBounds(
  bounds: Bounds,
  entry: LedgerEntry | undefined,
  { spendPerHour, types }: PoolPolicy,
  quota: number | undefined,
): Bounds {
  let found = withLedger(bounds, entry);
  const dearest = Math.max(...types.map(({ pricePerHour }) => pricePerHour));
  const affordable = spendPerHour === undefined ? Number.POSITIVE_INFINITY : Math.floor(spendPerHour / dearest);
  const caps = [
    { max: affordable, maxReason: `${spendPerHour} an hour may be spent` },
    { max: quota ?? Number.POSITIVE_INFINITY, maxReason: 'the provider gives no more' },
  ];
  for (const cap of caps) if (cap.max < found.max) found = { ...found, ...cap, min: Math.min(found.min, cap.max) };
  return found;
}
