import { RateLimited } from './failure';

/** Calls a minute that Slack promises for each tier; the real limit is said to be a little above. */
const perMinute = { tier2: 20, tier3: 50, tier4: 100 } as const;
export type Tier = keyof typeof perMinute | 'posting' | 'free';

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Slack's rate limits, each per method (posting: per channel, one a second with a short burst). A call without a
 * token left is refused with the seconds until the next one.
 */
export function createLimits(now: () => number): { take(tier: Tier, method: string, channel: string): void } {
  const buckets = new Map<string, Bucket>();
  return {
    take(tier, method, channel) {
      if (tier === 'free') return;
      const [size, refillPerSecond] = tier === 'posting' ? [3, 1] : [perMinute[tier], perMinute[tier] / 60];
      const key = tier === 'posting' ? `${method} ${channel}` : method;
      const bucket = buckets.get(key) ?? { tokens: size, at: now() };
      bucket.tokens = Math.min(size, bucket.tokens + ((now() - bucket.at) / 1000) * refillPerSecond);
      bucket.at = now();
      buckets.set(key, bucket);
      if (bucket.tokens < 1) throw new RateLimited(Math.max(1, Math.ceil((1 - bucket.tokens) / refillPerSecond)));
      bucket.tokens -= 1;
    },
  };
}
