import { type Level, levels } from './bank';
import { nextPlacementStep, type PlacementAnswer } from './placement';
import { seededRandom } from './random';

function place(knows: (level: Level) => boolean, mostItems = 8): { level: Level; asked: Level[] } {
  const answers: PlacementAnswer[] = [];
  for (;;) {
    const step = nextPlacementStep(answers, mostItems);
    if ('placed' in step) return { level: step.placed, asked: answers.map(({ level }) => level) };
    answers.push({ level: step.ask, correct: knows(step.ask), guess: 0.2 });
  }
}

test.each(levels)(
  'a student who knows everything up to %s and nothing above is placed there, one level off at most',
  (level) => {
    const found = place((asked) => levels.indexOf(asked) <= levels.indexOf(level)).level;
    expect(Math.abs(levels.indexOf(found) - levels.indexOf(level))).toBeLessThanOrEqual(1);
  },
);

test('all wrong is A1 and all right is C1', () => {
  expect(place(() => false).level).toBe('A1');
  expect(place(() => true).level).toBe('C1');
});

test('it begins in the middle and follows the answers', () => {
  const first = nextPlacementStep([], 8);
  expect(first).toEqual({ ask: expect.stringMatching(/^(A2|B1|B2)$/) });
  expect(place(() => true).asked.at(-1)).toBe('C1');
  expect(place(() => false).asked.slice(-2)).not.toContain('B1');
});

test('it never asks more than the limit, and stops before it when it is sure', () => {
  const random = seededRandom('limits');
  for (let round = 0; round < 200; round++) {
    expect(place(() => random() < 0.5, 5).asked.length).toBeLessThanOrEqual(5);
  }
  expect(place(() => false, 30).asked.length).toBeLessThan(10);
});
