import { numbers } from './fixture-signals';
import { NONE, type Replay } from './memory';
import {
  backlogAfterBoot,
  countReallyLate,
  LONGEST_KEEP,
  launchable,
  newReplay,
  type Plant,
  play,
  SHORTEST_KEEP,
  surgeOf,
  WAYS,
} from './replay';

const plant: Plant = { unitRate: 40, bootMinutes: 10, least: 1, most: 64, withinSeconds: 5, keepMinutes: undefined };

/** Plays minutes of a load that each way wants `wanted` for, whatever it is sure of. */
function played(minutes: number, load: (minute: number) => number, wanted = load, more: Partial<Plant> = {}): Replay {
  const replay = newReplay();
  for (let minute = 0; minute < minutes; minute++) {
    const foreseen = new Array(10).fill(load(minute));
    const moment = { minute, load: load(minute), lately: load(minute), foreseen, need: () => wanted(minute) };
    play(replay, moment, { ...plant, ...more });
  }
  return replay;
}

test('a fleet begins with some room, launches what is wanted beyond it, and pays from the launch on', () => {
  const replay = newReplay();
  const foreseen = new Array(10).fill(100);
  const moment = { load: 100, lately: 100, foreseen, need: () => 200 };
  play(replay, { minute: 0, ...moment }, plant);
  expect(replay.fleets[0]).toMatchObject({ ready: 4, booting: [11], cost: 4 });
  for (let minute = 1; minute <= 10; minute++) play(replay, { minute, ...moment }, plant);
  expect(replay.fleets[0]).toMatchObject({ ready: 4, booting: [11], cost: 4 + 10 * 5 });
  play(replay, { minute: 11, ...moment }, plant);
  expect(replay.fleets[0]).toMatchObject({ ready: 5, booting: [] });
});

test('what is no longer wanted stays for the time of its way, or of the policy', () => {
  const drops = (minute: number): number => (minute < 30 ? 400 : 20);
  const after = (minutes: number, more?: Partial<Plant>): number[] =>
    played(30 + minutes, drops, undefined, more).fleets.map(({ ready }) => ready);
  expect(new Set(after(9))).toEqual(new Set([10]));
  const ready = after(11);
  WAYS.forEach(({ keep }, i) => {
    expect(ready[i]).toBe(keep === SHORTEST_KEEP ? 1 : 10);
  });
  expect(new Set(after(21))).toEqual(new Set([1]));
  expect(new Set(after(4, { keepMinutes: 3 }))).toEqual(new Set([1]));
});

test('messages are late once they wait longer than promised, by the part of the minute in which they do', () => {
  // Two units do 80/s and 90/s come: the queue passes 5 s of 80/s, 400 messages, in the 40th second.
  const replay = played(1, () => 60, undefined, { most: 2 });
  play(
    replay,
    { minute: 1, load: 90, lately: 90, foreseen: new Array(10).fill(90), need: () => 90 },
    { ...plant, most: 2 },
  );
  expect(replay.fleets[0]!.queue).toBeCloseTo(600, 6);
  expect(replay.fleets[0]!.late).toBeCloseTo((90 * 60) / 3, 6);
});

test('the backlog at the end of a boot is what waits, comes and is served until then, with hosts as they come up', () => {
  const foreseen = new Array(10).fill(100);
  expect(backlogAfterBoot(0, 3, [], 0, foreseen, plant)).toBe(0);
  expect(backlogAfterBoot(600, 2, [], 0, foreseen, plant)).toBe(600 + 20 * 600);
  // From the fifth minute on a third unit works: four minutes with 20/s too many, six with 20/s to spare.
  expect(backlogAfterBoot(600, 2, [5], 0, foreseen, plant)).toBe(0);
  expect(backlogAfterBoot(3600, 2, [5], 0, foreseen, plant)).toBe(3600 + 4 * 1200 - 6 * 1200);
});

describe('what comes', () => {
  test('is not taken to go on while nobody is late', () => {
    expect(surgeOf(500, 100, 390, 2, plant)).toBe(0);
  });

  test('is taken to go on once messages are late', () => {
    expect(surgeOf(140, 100, 410, 2, plant)).toBe(140);
  });

  test('is taken to rise by as much again when it rises steeply', () => {
    expect(surgeOf(300, 100, 410, 2, plant)).toBe(500);
  });

  test('is all taken to go on when nothing serves it', () => {
    expect(surgeOf(30, 30, 1, 0, plant)).toBe(30);
  });
});

test('a crowd that nobody foresaw is served within four minutes of a boot', () => {
  const replay = newReplay();
  let back = -1;
  const crowd = (minute: number): number => (minute < 60 ? 100 : Math.min(500, 100 + 133 * (minute - 59)));
  let lately = 100;
  for (let minute = 0; minute < 90; minute++) {
    const load = crowd(minute);
    lately += (load - lately) / 2.5;
    const late = replay.fleets[0]!.late;
    play(replay, { minute, load, lately, foreseen: new Array(10).fill(lately), need: () => 1.2 * lately }, plant);
    if (replay.fleets[0]!.late > late) back = minute + 1;
  }
  expect(back).toBeGreaterThan(70);
  expect(back).toBeLessThanOrEqual(60 + 14);
});

test('who wants to be surer is late less and pays more', () => {
  const random = numbers(7);
  const loads = Array.from({ length: 2880 }, () => 300 * Math.exp(0.3 * (random() + random() + random() - 1.5)));
  const replay = newReplay();
  loads.forEach((load, minute) => {
    const need = (sure: number): number => 300 * (0.8 + 0.7 * sure);
    play(replay, { minute, load, lately: load, foreseen: new Array(10).fill(300), need }, plant);
  });
  const [low, high] = [replay.fleets[0]!, replay.fleets.at(-2)!];
  expect(WAYS[0]!.keep).toBe(WAYS.at(-2)!.keep);
  expect(high.lateShare).toBeLessThan(0.5 * low.lateShare);
  expect(high.meanCost).toBeGreaterThan(1.05 * low.meanCost);
});

describe('blocks of six hours', () => {
  test('count the messages, and what was late in truth as a share of them', () => {
    const replay = newReplay();
    replay.reallyLate = 0;
    const moment = { load: 100, lately: 100, foreseen: new Array(10).fill(100), need: () => 140 };
    for (let minute = 0; minute < 720; minute++) {
      if (minute < 360) countReallyLate(replay, 120);
      play(replay, { minute, ...moment }, plant);
    }
    expect(replay).toMatchObject({ blocks: 2, realBlocks: 2, meanMessages: 2_160_000, minutes: 0 });
    expect(replay.realShare).toBeCloseTo(0.01, 9);
  });

  test('remember how often a fleet with little to spare was late in the last four', () => {
    const replay = newReplay();
    const moment = { load: 100, lately: 100, foreseen: new Array(10).fill(100) };
    for (let minute = 0; minute < 1800; minute++)
      play(replay, { minute, ...moment, need: () => (minute < 700 ? 60 : 140) }, plant);
    expect(replay.lately).toHaveLength(4);
    expect(replay.lately[0]).toBeGreaterThan(0);
    expect(replay.lately.slice(1)).toEqual([0, 0, 0]);
  });

  test('say nothing of the truth where nobody looked', () => {
    const replay = played(360, () => 100);
    expect(replay).toMatchObject({ blocks: 1, realBlocks: 0, reallyLate: NONE });
  });

  test('are two weeks at most, and fleets stay small however long it runs', () => {
    const replay = played(70 * 360, (minute) => 100 + 80 * Math.sin(minute / 40));
    expect(replay.blocks).toBe(56);
    for (const { wanted, booting } of replay.fleets) {
      expect(wanted.length).toBeLessThanOrEqual(LONGEST_KEEP * plant.bootMinutes);
      expect(booting.length).toBeLessThanOrEqual(64);
    }
  });
});

test.each<[string, Parameters<typeof launchable>, number]>([
  ['one more has to be wanted for two minutes', [11, 10, 10, false], 10],
  ['one that was wanted before is launched', [11, 11, 10, false], 11],
  ['a steep rise is launched at once', [13, 10, 10, false], 13],
  ['so is what is wanted while messages wait', [11, 10, 10, true], 11],
  ['a wish that became smaller is that small', [11, 14, 10, false], 11],
])('%s', (_name, given, units) => {
  expect(launchable(...given)).toBe(units);
});
