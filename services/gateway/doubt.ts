/**
 * A send is in doubt when a request was begun and its answer is not known: the gateway died, or the answer was lost.
 * Facebook has no idempotency key, so what happened is found out first:
 *
 *     echo with our metadata ────────────────────────────────────► sent
 *     else, after a short wait, the conversation ── our text ────► sent
 *                                                └─ not there ───► send again
 */
export type DoubtStep =
  | { readonly do: 'wait'; readonly until: Date; readonly reason: string }
  | { readonly do: 'look'; readonly reason: string }
  | { readonly do: 'sent'; readonly messageId: string; readonly reason: string }
  | { readonly do: 'send-again'; readonly reason: string };

export interface DoubtfulSend {
  readonly startedAt: Date;
  /** Tries that may have reached Messenger, ≥ 1. */
  readonly attempt: number;
  /** Looks into the conversation that got no answer. */
  readonly looks: number;
}

/** What a look into the conversation showed. `blind`: Messenger will not show it (a missing permission). */
export type Sight = { readonly messageId: string } | 'absent' | 'unanswered' | 'blind';

/** A request that was on its way when its sender died is visible after that; doubled with each try, as a backoff. */
const VISIBLE_AFTER_MS = 1_500;
/** The part of it in which a request must have left. */
const LEAVES_WITHIN = 2 / 3;
/** Where the conversation can not be seen, an echo gets this long to tell. */
const ECHO_PATIENCE_MS = 60_000;
const MOST_PAUSE_MS = 60_000;

function visibleAfter(attempt: number): number {
  return Math.min(MOST_PAUSE_MS, VISIBLE_AFTER_MS * 2 ** Math.min(attempt - 1, 6));
}

/**
 * Milliseconds from beginning a try until its request must have left, or it may not leave any more: whoever takes the
 * student over may have looked by then, seen nothing, and sent the reply.
 */
export function leavesWithin(attempt: number): number {
  return visibleAfter(attempt) * LEAVES_WITHIN;
}

export function settle(send: DoubtfulSend, sight: Sight | undefined, now: Date): DoubtStep {
  const age = now.getTime() - send.startedAt.getTime();
  if (sight === undefined) {
    const visible = visibleAfter(send.attempt);
    if (age >= visible) return { do: 'look', reason: 'no echo came' };
    return { do: 'wait', until: after(send.startedAt, visible), reason: 'an echo may come' };
  }
  if (sight === 'absent') return { do: 'send-again', reason: 'it is not in the conversation' };
  if (sight === 'unanswered') {
    const pause = Math.min(MOST_PAUSE_MS, 1_000 * 2 ** Math.min(send.looks, 6));
    return { do: 'wait', until: after(now, pause), reason: 'Messenger did not show the conversation' };
  }
  if (sight !== 'blind') return { do: 'sent', messageId: sight.messageId, reason: 'it is in the conversation' };
  if (age >= ECHO_PATIENCE_MS)
    return { do: 'send-again', reason: 'no echo came, and the conversation may not be read' };
  return {
    do: 'wait',
    until: after(send.startedAt, ECHO_PATIENCE_MS),
    reason: 'the conversation may not be read; an echo may come',
  };
}

export interface ShownMessage {
  readonly id: string;
  readonly text: string;
  readonly createdAt: Date;
  readonly from: string | undefined;
}

/** Clocks differ, and Messenger cuts its times to seconds. Messages of other sends are excluded by id, so this may be generous. */
const SKEW_MS = 60_000;

/** Our message among those of the conversation: from the page, same words, not before the first try, of no other send. */
export function findOurs(
  shown: readonly ShownMessage[],
  send: {
    readonly student: string;
    readonly text: string;
    readonly firstStartedAt: Date;
    readonly claimed: ReadonlySet<string>;
  },
): ShownMessage | undefined {
  return shown.find(
    ({ id, text, createdAt, from }) =>
      from !== send.student &&
      !send.claimed.has(id) &&
      createdAt.getTime() >= send.firstStartedAt.getTime() - SKEW_MS &&
      words(text) === words(send.text),
  );
}

function words(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}
