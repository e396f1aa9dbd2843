/** An edit that waits: always the newest state of its message. */
interface WaitingEdit {
  readonly key: string;
  /** The last edit this message will get; it may use the whole budget and its spacing is kept all the same. */
  readonly final: boolean;
  readonly since: number;
}

export interface BudgetState {
  readonly waiting: readonly WaitingEdit[];
  /** When edits of the last minute were sent. */
  readonly sent: readonly number[];
  /** When each message was last edited. */
  readonly lastOf: ReadonlyMap<string, number>;
  /** Slack asked for silence until then. */
  readonly silentUntil: number;
}

export interface BudgetRules {
  /** Edits a minute, for all messages of the workspace together (Slack: 50, of which a few are left to others). */
  readonly perMinute: number;
  /** Of these, kept free for final states. */
  readonly keptForFinal: number;
  readonly spacingMs: number;
}

const MINUTE_MS = 60_000;

/** Which message is edited now, or how long to wait until one may be; final states first, then who waits longest. */
export function nextEdit(
  state: BudgetState,
  rules: BudgetRules,
  now: number,
): { edit: string } | { waitMs: number } | undefined {
  if (state.waiting.length === 0) return undefined;
  if (now < state.silentUntil) return { waitMs: state.silentUntil - now };
  const recent = state.sent.filter((at) => at > now - MINUTE_MS).sort((a, b) => a - b);
  const readyAt = (edit: WaitingEdit): number => {
    const limit = edit.final ? rules.perMinute : rules.perMinute - rules.keptForFinal;
    const budget = recent.length < limit ? now : recent[recent.length - limit]! + MINUTE_MS;
    return Math.max(budget, (state.lastOf.get(edit.key) ?? Number.NEGATIVE_INFINITY) + rules.spacingMs, now);
  };
  const ranked = state.waiting
    .map((edit) => ({ edit, at: readyAt(edit) }))
    .sort((a, b) => a.at - b.at || Number(b.edit.final) - Number(a.edit.final) || a.edit.since - b.edit.since);
  const first = ranked[0]!;
  return first.at <= now ? { edit: first.edit.key } : { waitMs: first.at - now };
}
