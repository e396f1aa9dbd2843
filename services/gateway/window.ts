/** Messenger lets a page write for 24 hours after the student's last message. */
const WINDOW_MS = 24 * 3_600_000;

export interface SendMode {
  /** `RESPONSE` answers a message; `UPDATE` is said by ourselves within the window. */
  readonly messagingType: 'RESPONSE' | 'UPDATE';
}

/** How a reply may be sent now; undefined when the window is closed, where only message tags would be allowed. */
export function sendMode(
  reply: { readonly windowStart: Date; readonly inReplyTo: string | undefined },
  now: Date,
): SendMode | undefined {
  if (now.getTime() - reply.windowStart.getTime() >= WINDOW_MS) return undefined;
  return { messagingType: reply.inReplyTo === undefined ? 'UPDATE' : 'RESPONSE' };
}
