/** Messenger lets a page write for 24 hours after the student's last message. */
const WINDOW_MS = 24 * 3_600_000;

/** Outside of it only message tags would be allowed. */
export function withinWindow(windowStart: Date, now: Date): boolean {
  return now.getTime() - windowStart.getTime() < WINDOW_MS;
}

/** `RESPONSE` answers a message; `UPDATE` is said by ourselves within the window. */
export function messagingType(reply: { readonly inReplyTo: string | undefined }): 'RESPONSE' | 'UPDATE' {
  return reply.inReplyTo === undefined ? 'UPDATE' : 'RESPONSE';
}
