import type { StudentMessage } from '../../../platform/messages';
import { type Level, levels, loadBank } from './bank';
import { answer } from './dialogue';
import { type Random, seededRandom } from './random';
import { type Student, stranger } from './student';

const bank = loadBank();
const teaching = { bank, placementItems: 8 };

/** Share of items a student knows, by how far above (+) or below (−) the own level they are. Not the bot's own model. */
const known: Record<number, number> = {
  [-4]: 0.99,
  [-3]: 0.98,
  [-2]: 0.97,
  [-1]: 0.92,
  0: 0.72,
  1: 0.28,
  2: 0.1,
  3: 0.04,
  4: 0.02,
};

function reply(student: Student, level: Level, random: Random): string {
  const item = bank.get(student.exercise!.item)!;
  const distance = levels.indexOf(item.level) - levels.indexOf(level);
  if (random() < known[distance]!) return item.answers[0]!;
  if (item.kind === 'choice') return item.options[Math.floor(random() * item.options.length)]!;
  return random() < 0.5 ? 'skip' : 'no idea at all';
}

/** A whole conversation by text; gives the student as the bot knows it after `messages`. */
function converse(
  name: string,
  level: Level,
  until: (student: Student, messages: number) => boolean,
): { student: Student; messages: number } {
  const random = seededRandom(name);
  let student = stranger;
  let messages = 0;
  while (!until(student, messages)) {
    messages++;
    const text = student.exercise === undefined ? 'hello' : reply(student, level, random);
    const now = new Date(Date.UTC(2025, 0, 1) + messages * 20_000);
    const message: StudentMessage = {
      mid: `${name}-${messages}`,
      student: name,
      page: 'p',
      kind: 'text',
      text,
      sentAt: now.toISOString(),
      sequence: messages,
    };
    const turn = answer(student, message, teaching, {
      now,
      random: seededRandom(`${name}:${messages}`),
      eventBase: message.mid,
    });
    expect(turn.text.length).toBeLessThanOrEqual(2000);
    student = turn.student;
  }
  return { student, messages };
}

const STUDENTS = 60;

test.each(levels)(
  'at least 90 %% of simulated %s students are placed within one level, in at most 8 questions',
  (level) => {
    const placed = Array.from({ length: STUDENTS }, (_, index) => {
      const { student, messages } = converse(`${level}-${index}`, level, ({ level: found }) => found !== undefined);
      expect(messages).toBeLessThanOrEqual(1 + teaching.placementItems);
      return levels.indexOf(student.level!) - levels.indexOf(level);
    });
    const near = placed.filter((distance) => Math.abs(distance) <= 1).length;
    expect(near / STUDENTS).toBeGreaterThanOrEqual(0.9);
  },
);

test('more than half of all simulated students are placed exactly', () => {
  const exact = levels.map((level) =>
    Array.from(
      { length: STUDENTS },
      (_, index) =>
        converse(`x${level}-${index}`, level, (student) => student.level !== undefined).student.level === level,
    ),
  );
  const share = exact.flat().filter(Boolean).length / (STUDENTS * levels.length);
  expect(share).toBeGreaterThan(0.5);
});

test('practice keeps a student near the own level for 150 exercises', () => {
  for (const level of levels) {
    const { student } = converse(`long-${level}`, level, (_, messages) => messages >= 150);
    expect(Math.abs(levels.indexOf(student.level!) - levels.indexOf(level))).toBeLessThanOrEqual(1);
  }
});
