/**
 * For messages that may come thousandfold: `tell` is called at most once in `everyMs`, with how many times it would
 * have been.
 */
export function occasionally(
  everyMs: number,
  now: () => number,
): (tell: (times: number) => void, times?: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  let waiting = 0;
  return (tell, times = 1) => {
    waiting += times;
    if (now() - last < everyMs) return;
    last = now();
    tell(waiting);
    waiting = 0;
  };
}
