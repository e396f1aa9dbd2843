import { type Item, type Level, loadBank } from './bank';
import { afterAnswer, chooseItem, remembered } from './curriculum';
import { seededRandom } from './random';
import { type Student, stranger } from './student';

const bank = loadBank();
type Learner = Student & { level: Level };
const learner = (fields: Partial<Student> = {}): Learner => ({ ...stranger, ...fields, level: fields.level ?? 'B1' });
const some = bank.at('B1')[0]!;
const choose = (times: number, who = learner()): Item[] => {
  const random = seededRandom('curriculum');
  return Array.from({ length: times }, () => chooseItem(bank, who, random));
};
const shareOf = (items: readonly Item[], match: (item: Item) => boolean) => items.filter(match).length / items.length;

test('the same seed chooses the same item', () => {
  expect(chooseItem(bank, learner(), seededRandom('a')).id).toBe(chooseItem(bank, learner(), seededRandom('a')).id);
});

test('most items are of the level of the student, none further than one away', () => {
  const chosen = choose(500);
  expect(shareOf(chosen, ({ level }) => level === 'B1')).toBeGreaterThan(0.6);
  expect(shareOf(chosen, ({ level }) => level === 'A1' || level === 'C1')).toBe(0);
});

test('nothing asked lately is asked again, over a long practice', () => {
  const random = seededRandom('long');
  let recent: string[] = [];
  for (let turn = 0; turn < 300; turn++) {
    const item = chooseItem(bank, learner({ recent }), random);
    expect(recent.slice(-15)).not.toContain(item.id);
    recent = remembered(recent, item);
  }
});

test('a skill that goes badly is practised more than one that goes well', () => {
  const skills = {
    tenses: { answers: 20, correct: 3, pace: 2 },
    'phrasal-verbs': { answers: 20, correct: 20, pace: 0.5 },
  };
  const chosen = choose(1000, learner({ skills }));
  const count = (skill: string) => chosen.filter((item) => item.skill === skill).length;
  expect(count('tenses')).toBeGreaterThan(2 * count('phrasal-verbs'));
});

test('who answers slowly gets more practice of that skill than who answers fast, other things equal', () => {
  const of = (pace: number) =>
    shareOf(
      choose(1500, learner({ skills: { tenses: { answers: 10, correct: 8, pace } } })),
      ({ skill }) => skill === 'tenses',
    );
  expect(of(3)).toBeGreaterThan(of(0.5));
});

test('who answers well and fast is stretched with harder items', () => {
  const form = Array.from({ length: 8 }, () => true);
  const strong = choose(500, learner({ form, skills: { tenses: { answers: 9, correct: 9, pace: 0.4 } } }));
  expect(shareOf(strong, ({ level }) => level === 'B2')).toBeGreaterThan(0.3);
});

test.each([
  ['a dozen right answers', 12, 0, 'B2'],
  ['eleven right and one wrong', 11, 1, 'B2'],
  ['eight right and four wrong', 8, 4, 'B1'],
  ['four right and eight wrong', 4, 8, 'A2'],
  ['eleven right answers, which are too few to tell', 11, 0, 'B1'],
])('%s lead from B1 to the right level', (_name, right, wrong, level) => {
  const outcomes = [...Array.from({ length: wrong }, () => false), ...Array.from({ length: right }, () => true)];
  const after = outcomes.reduce((student: Learner, correct) => afterAnswer(student, some, correct, 9_000), learner());
  expect(after.level).toBe(level);
});

test('C1 has nothing above it', () => {
  let student = learner({ level: 'C1' });
  for (let turn = 0; turn < 30; turn++) student = afterAnswer(student, some, true, 1);
  expect(student.level).toBe('C1');
});

test('a pause of an hour counts as slow, not as an hour', () => {
  expect(afterAnswer(learner(), some, true, 3_600_000).skills[some.skill]!.pace).toBeLessThanOrEqual(3);
});
