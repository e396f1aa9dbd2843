import { openRandom } from './random';
import type { Trace } from './trace';
import { openWorld, type World, type WorldSettings } from './world';

/** Small load curves for tests: sixteen hours of minutes with a swing, noise and now and then a burst. */
export function smallTrace(seed: number, minutes = 960): Trace {
  const random = openRandom(seed, 'small trace');
  let burst = 1;
  const counts = Float64Array.from({ length: minutes }, (_, minute) => {
    burst = random() < 0.005 ? 1 + 2 * random() : 1 + (burst - 1) * 0.95;
    return Math.round(3000 * burst * (1 + 0.8 * Math.sin(minute / 120)) * (0.9 + 0.2 * random())) + 100;
  });
  return { name: `small-${seed}`, startMs: Date.UTC(2024, 0, 1), stepSeconds: 60, counts };
}

export function smallWorld(seed: number, settings: Partial<WorldSettings> = {}): World {
  return openWorld({ trace: smallTrace(seed), seed, ...settings });
}
