import { openRandom, poisson, type Random } from '../../autoscaler/simulate/random';
import type { Trace } from '../../autoscaler/simulate/trace';

/**
 * Made-up load curves to hold back while a policy is tuned: other shapes and seeds than the public traces. Counts are
 * Poisson around a shape in [0, 1] with slowly wandering noise.
 */
interface Shape {
  readonly stepSeconds: number;
  readonly days: number;
  /** Counts of a step at 1. */
  readonly scale: number;
  /** Spread of the wandering noise, in log space. */
  readonly noise: number;
  /** The value at a time in days since a Monday's midnight. */
  shape(random: Random): (at: number) => number;
}

const hourOf = (at: number): number => (at * 24) % 24;
const dayOf = (at: number): number => Math.floor(at) % 7;
/** A smooth hump around an hour of the day. */
const hump = (hour: number, middle: number, width: number): number => {
  const away = Math.min(Math.abs(hour - middle), 24 - Math.abs(hour - middle));
  return Math.exp(-0.5 * (away / width) ** 2);
};

const shapes: Readonly<Record<string, Shape>> = {
  /** Office hours, quiet weekends, two holidays, a little growth. */
  saas: {
    stepSeconds: 60,
    days: 35,
    scale: 3000,
    noise: 0.06,
    shape: (random) => {
      const holidays = new Set([Math.floor(7 + random() * 7), Math.floor(24 + random() * 8)]);
      return (at) => {
        const idle = dayOf(at) >= 5 || holidays.has(Math.floor(at));
        const hour = hourOf(at);
        const work = hump(hour, 10.5, 1.8) + 0.9 * hump(hour, 15, 2);
        return (1 + 0.006 * at) * (0.06 + (idle ? 0.15 : 0.8) * work);
      };
    },
  },
  /** Lessons begin on the hour: steep edges, nothing at night, a week of holidays. */
  school: {
    stepSeconds: 60,
    days: 28,
    scale: 2500,
    noise: 0.1,
    shape: () => (at) => {
      const hour = hourOf(at);
      const holiday = Math.floor(at / 7) === 2;
      if (dayOf(at) >= 5 || holiday) return 0.04 + 0.1 * hump(hour, 19, 3);
      const lesson = hour >= 8 && hour < 15 && hour % 1 < 0.75 ? 0.8 : 0;
      return 0.04 + lesson + 0.35 * hump(hour, 19, 2);
    },
  },
  /** Customers come and go: the level jumps each day or two, at any hour. */
  steps: {
    stepSeconds: 60,
    days: 21,
    scale: 4000,
    noise: 0.04,
    shape: (random) => {
      const levels = Array.from({ length: 64 }, () => 0.15 + 0.85 * random() ** 2);
      const until = levels.reduce<number[]>((times) => [...times, (times.at(-1) ?? 0) + 0.3 + 1.2 * random()], []);
      return (at) => (levels[until.findIndex((end) => at < end)] ?? 0.5) * (0.8 + 0.2 * hump(hourOf(at), 14, 5));
    },
  },
  /** A gentle day with bursts that nobody announced: up to six times, for 5 to 40 minutes. */
  bursts: {
    stepSeconds: 60,
    days: 21,
    scale: 1500,
    noise: 0.12,
    shape: (random) => {
      const bursts = Array.from({ length: 30 }, () => ({
        from: random() * 21,
        days: (5 + 35 * random()) / 1440,
        times: 1.5 + 4.5 * random() ** 2,
      }));
      return (at) => {
        const burst = bursts.reduce(
          (most, { from, days, times }) => Math.max(most, at >= from && at < from + days ? times : 1),
          1,
        );
        return burst * (0.15 + 0.25 * hump(hourOf(at), 20, 4));
      };
    },
  },
  /** Evenings of a game, stronger at the weekend; a release doubles it for good. Steps of 10 s. */
  evenings: {
    stepSeconds: 10,
    days: 14,
    scale: 600,
    noise: 0.08,
    shape: (random) => {
      const release = 8 + 2 * random();
      return (at) => (at > release ? 1 : 0.5) * (0.08 + (dayOf(at) >= 5 ? 1 : 0.7) * hump(hourOf(at), 20.5, 2.5));
    },
  },
  /** Nightly and hourly jobs over next to nothing. Steps of 5 minutes. */
  batches: {
    stepSeconds: 300,
    days: 42,
    scale: 9000,
    noise: 0.05,
    shape: () => (at) => {
      const hour = hourOf(at);
      const nightly = hour >= 2 && hour < 3.5 ? 0.9 : 0;
      return 0.08 + nightly + (hour % 1 < 0.2 ? 0.15 : 0) + 0.1 * hump(hour, 13, 4);
    },
  },
};

export const madeUp: readonly string[] = Object.keys(shapes);

/** 2024-01-01 was a Monday. */
const START_MS = Date.UTC(2024, 0, 1);
const NOISE_MEMORY_SECONDS = 1800;

export function madeUpTrace(name: string, seed: number): Trace {
  const shape = shapes[name];
  if (!shape) throw new Error(`${name} is none of ${madeUp.join(', ')}`);
  const { stepSeconds, days, scale, noise } = shape;
  const random = openRandom(seed, name);
  const value = shape.shape(random);
  const kept = Math.exp(-stepSeconds / NOISE_MEMORY_SECONDS);
  let wandering = 0;
  const counts = Float64Array.from({ length: (days * 86_400) / stepSeconds }, (_, step) => {
    const uniform = random() + random() + random() + random() - 2;
    wandering = kept * wandering + Math.sqrt(1 - kept * kept) * uniform * Math.sqrt(3);
    const mean = scale * value((step * stepSeconds) / 86_400) * Math.exp(noise * wandering);
    return poisson(mean, random);
  });
  return { name: `${name}-${seed}`, startMs: START_MS, stepSeconds, counts };
}

export function csvOf({ startMs, stepSeconds, counts }: Trace): string {
  const time = (step: number): string => new Date(startMs + step * stepSeconds * 1000).toISOString().slice(0, 19);
  return `timestamp,count\n${Array.from(counts, (count, step) => `${time(step)},${count}\n`).join('')}`;
}
