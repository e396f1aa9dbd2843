/** Remembers ids for a while, so that what Slack delivers again is not done again. */
export function openSeen(keepMs: number, now: () => number = Date.now): { again(id: string): boolean } {
  const until = new Map<string, number>();
  return {
    /** False the first time. */
    again(id) {
      const at = now();
      for (const [old, end] of until) {
        if (end > at) break;
        until.delete(old);
      }
      if (until.has(id)) return true;
      until.set(id, at + keepMs);
      return false;
    },
  };
}
