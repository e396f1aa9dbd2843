import { numbers } from './fixture-signals';
import { learnLoad, newMemory, outlook } from './forecast';
import { HORIZONS } from './memory';

const DAY = 1440;

/** Learns `days` of a load and returns what it says of the minutes after. */
function learned(minutes: number, load: (minute: number) => number) {
  const memory = newMemory();
  for (let minute = 0; minute < minutes; minute++) learnLoad(memory, minute, load(minute));
  return memory;
}

test('a season of the day is foreseen, with little doubt', () => {
  const load = (minute: number): number => 200 + 150 * Math.sin((2 * Math.PI * minute) / DAY);
  const memory = learned(4 * DAY + 480, load);
  const { load: likely, atLeast, minutesAhead } = outlook(memory, 11)!;
  const truth = load(memory.minute + minutesAhead);
  expect(Math.abs(likely / truth - 1)).toBeLessThan(0.02);
  expect(atLeast(0.99)).toBeGreaterThan(truth);
  expect(atLeast(0.99)).toBeLessThan(1.1 * truth);
});

test('a quiet Sunday is foreseen once there are two of them', () => {
  const load = (minute: number): number =>
    (Math.floor(minute / DAY) % 7 === 6 ? 50 : 200) + 40 * Math.sin((2 * Math.PI * minute) / DAY);
  const memory = learned(20 * DAY - 5, load);
  const { load: likely, minutesAhead } = outlook(memory, 11)!;
  expect(load(memory.minute)).toBeGreaterThan(150);
  expect(Math.abs(likely / load(memory.minute + minutesAhead) - 1)).toBeLessThan(0.35);
});

test('within the first hour a rising load is seen to rise', () => {
  const memory = learned(50, (minute) => 100 + 4 * minute);
  expect(outlook(memory, 11)!.atLeast(0.97)).toBeGreaterThan(100 + 4 * 60);
});

test('of what is 95 % sure about one in twenty comes otherwise', () => {
  const random = numbers(1);
  const noise = (): number => Math.exp(0.2 * (random() + random() + random() - 1.5) * 2);
  const memory = newMemory();
  const said: { minute: number; atLeast: number }[] = [];
  let [over, seen] = [0, 0];
  for (let minute = 0; minute < 6 * DAY; minute++) {
    const load = (200 + 100 * Math.sin((2 * Math.PI * minute) / DAY)) * noise();
    const due = said[0]?.minute === minute ? said.shift()! : undefined;
    if (due && minute > 2 * DAY) {
      seen += 1;
      over += load > due.atLeast ? 1 : 0;
    }
    learnLoad(memory, minute, load);
    said.push({ minute: minute + HORIZONS[2], atLeast: outlook(memory, 11)!.atLeast(0.95) });
  }
  expect(over / seen).toBeGreaterThan(0.035);
  expect(over / seen).toBeLessThan(0.065);
});

test('doubt is learned from what goes before wild times: it is wider once the load moves than while it rests', () => {
  const random = numbers(4);
  const crowd = (minute: number): number => minute % 300;
  // A crowd comes about every five hours, starts gently and ends anywhere between twice and eight times the load.
  let height = 0;
  const load = (minute: number): number => {
    if (crowd(minute) === 0) height = 1 + 6 * random();
    const part = crowd(minute) < 5 ? 0.1 : crowd(minute) < 40 ? 1 : 0;
    return 200 * (1 + height * part) * (1 + 0.02 * random());
  };
  const memory = newMemory();
  const reserve = { resting: [] as number[], moving: [] as number[] };
  for (let minute = 0; minute < 10 * DAY; minute++) {
    learnLoad(memory, minute, load(minute));
    if (minute < 8 * DAY) continue;
    const { load: likely, atLeast } = outlook(memory, 6)!;
    if (crowd(minute) === 200) reserve.resting.push(atLeast(0.95) / likely);
    if (crowd(minute) === 2) reserve.moving.push(atLeast(0.95) / likely);
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(reserve.moving) - 1).toBeGreaterThan(1.5 * (mean(reserve.resting) - 1));
});

test.each([
  ['ten minutes', 10],
  ['a day', DAY],
  ['three weeks', 21 * DAY],
])('after a gap of %s it goes on with sense', (_name, gap) => {
  const load = (minute: number): number => 200 + 150 * Math.sin((2 * Math.PI * minute) / DAY);
  const memory = learned(3 * DAY, load);
  for (let minute = 3 * DAY + gap; minute < 3 * DAY + gap + 60; minute++) learnLoad(memory, minute, load(minute));
  const { load: likely, minutesAhead } = outlook(memory, 11)!;
  expect(Math.abs(likely / load(memory.minute + minutesAhead) - 1)).toBeLessThan(0.1);
});

test('nothing at all, and next to nothing, are loads like others', () => {
  const memory = learned(DAY, (minute) => (minute % 90 === 0 ? 1 : 0));
  const found = outlook(memory, 11)!;
  expect(found.load).toBeGreaterThanOrEqual(0);
  expect(found.atLeast(0.999)).toBeLessThan(5);
});
