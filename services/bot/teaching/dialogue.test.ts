import type { StudentMessage } from '../../../platform/messages';
import { loadBank } from './bank';
import { answer, nudged } from './dialogue';
import { seededRandom } from './random';
import { type Student, stranger } from './student';
import type { Turn } from './talk';

const bank = loadBank();
const teaching = { bank, placementItems: 8 };
const start = Date.parse('2025-03-10T10:00:00.000Z');

/** A student who writes once a minute. */
class Chat {
  student: Student = stranger;
  turns: Turn[] = [];
  minute = 0;

  say(text: string, fields: Partial<StudentMessage> = {}): Turn {
    const now = new Date(start + ++this.minute * 60_000);
    const sequence = this.turns.length + 1;
    const sentAt = new Date(now.getTime() - 500).toISOString();
    const message: StudentMessage = {
      mid: `m${sequence}`,
      student: 's1',
      page: 'p',
      kind: 'text',
      text,
      sentAt,
      sequence,
      ...fields,
    };
    const turn = answer(this.student, message, teaching, {
      now,
      random: seededRandom(`s1:${sequence}`),
      eventBase: `e:${message.mid}`,
    });
    this.student = turn.student;
    this.turns.push(turn);
    return turn;
  }

  get item() {
    return bank.get(this.student.exercise!.item)!;
  }

  get right(): string {
    return this.item.answers[0]!;
  }

  placed(): this {
    this.say('hi');
    while (this.student.level === undefined) this.say(this.right);
    return this;
  }
}

const kinds = (turn: Turn) => turn.events.map(({ kind }) => kind);

test('a stranger is greeted, a session begins and the first question comes at once', () => {
  const chat = new Chat();
  const turn = chat.say('what is this?');
  expect(turn.text).toContain('I’m Edwin');
  expect(turn.text).toContain('Question 1, at most 8');
  expect(turn.text).toContain(chat.item.prompt);
  expect(kinds(turn)).toEqual(['student.active', 'session.started']);
});

test('a stranger who asks for help is greeted and helped', () => {
  const { text } = new Chat().say('Help!');
  expect(text).toContain('I’m Edwin');
  expect(text).toContain('skip – show the answer');
});

test('placement does not say whether an answer was right, and ends with a level and the first exercise', () => {
  const chat = new Chat();
  chat.say('hello');
  const first = chat.say('skip');
  expect(first.text).not.toContain('The answer');
  chat.placed();
  expect(kinds(chat.turns.at(-1)!)).toEqual(['student.active', 'student.placed', 'item.answered']);
  expect(chat.turns.at(-1)!.text).toMatch(/Your level is (B2|C1)/);
  expect(chat.turns.at(-1)!.text).toContain(chat.item.prompt);
});

test('a right answer is praised, a wrong one explained, and the next exercise comes in the same message', () => {
  const chat = new Chat().placed();
  expect(chat.say(chat.right).text).toMatch(/^(Right!|Well done!|Exactly\.|Correct!|That’s it\.|Perfect\.)/);
  while (chat.item.kind === 'choice') chat.say(chat.right);
  const { note, id } = chat.item;
  const turn = chat.say('something completely different');
  expect(turn.text).toContain(note);
  expect(turn.events).toContainEqual(
    expect.objectContaining({ kind: 'item.answered', item: id, correct: false, ms: 59_500 }),
  );
  expect(turn.text).toContain(chat.item.prompt);
});

test('skip shows the answer and counts as not known', () => {
  const chat = new Chat().placed();
  const { note } = chat.item;
  const turn = chat.say('skip');
  expect(turn.text).toContain(note);
  expect(turn.events.at(-1)).toMatchObject({ kind: 'item.answered', correct: false });
});

test('a tapped button answers by its payload, whatever its title is', () => {
  const chat = new Chat().placed();
  while (chat.item.kind !== 'choice') chat.say('skip');
  const { number, shown } = chat.student.exercise!;
  const turn = chat.say('A', { kind: 'quick_reply', payload: `answer:${number}:${shown.indexOf(chat.right)}` });
  expect(turn.events.at(-1)).toMatchObject({ kind: 'item.answered', correct: true });
});

test('a tap on an old button changes nothing and shows the open exercise again', () => {
  const chat = new Chat().placed();
  const before = chat.student.exercise;
  const turn = chat.say('A', { kind: 'quick_reply', payload: 'answer:1:0' });
  expect(turn.text).toContain('already answered');
  expect(chat.student.exercise).toEqual(before);
  expect(kinds(turn)).toEqual(['student.active']);
});

test('words that are no option of a choice are not graded', () => {
  const chat = new Chat().placed();
  while (chat.item.kind !== 'choice') chat.say('skip');
  const before = chat.student;
  expect(chat.say('hmm, let me think').text).toContain('not sure which answer');
  expect(chat.student.answers).toBe(before.answers);
  expect(chat.student.exercise).toEqual(before.exercise);
});

test.each([
  ['help', 'skip – show the answer'],
  ['MENU', 'skip – show the answer'],
  ['start', 'Here is your exercise'],
  ['progress', '% right'],
  ['level', 'Your level is'],
  ['stop reminders', 'no more reminders'],
  ['Stop!', 'no more reminders'],
  ['reminders on', 'I’ll remind you'],
  ['time zone europe/berlin', 'Europe/Berlin; it’s'],
  ['Timezone: New York', 'America/New_York'],
  ['time zone Mars/Phobos', 'don’t know a time zone called “Mars/Phobos”'],
  ['time zone', 'Tell me your time zone like this'],
  ['new test', 'find your level again'],
])('“%s” is a command that answers with “%s” and the exercise', (text, expected) => {
  const chat = new Chat().placed();
  const turn = chat.say(text);
  expect(turn.text).toContain(expected);
  expect(turn.text).toContain(chat.item.prompt);
});

test('the time zone travels with every later activity', () => {
  const chat = new Chat().placed();
  chat.say('time zone Asia/Tokyo');
  expect(chat.say('help').events[0]).toMatchObject({ kind: 'student.active', timeZone: 'Asia/Tokyo' });
});

test('turning reminders off and on tells the scheduler, later each time even within one millisecond', () => {
  const chat = new Chat().placed();
  const [, off] = chat.say('stop reminders').events;
  chat.minute -= 2;
  const [, on] = chat.say('reminders on').events;
  expect([off, on]).toEqual([expect.objectContaining({ on: false }), expect.objectContaining({ on: true })]);
  expect(Date.parse(on!.at)).toBeGreaterThan(Date.parse(off!.at));
});

test('a photo gets a kind answer and keeps the exercise', () => {
  const chat = new Chat().placed();
  const turn = chat.say('', { kind: 'attachment', attachments: [{ type: 'image' }] });
  expect(turn.text).toContain('I can only read text');
  expect(turn.text).toContain(chat.item.prompt);
});

test('an exercise that a release no longer knows is replaced', () => {
  const chat = new Chat().placed();
  chat.student = { ...chat.student, exercise: { ...chat.student.exercise!, item: 'b1-gone-1' } };
  expect(chat.say('whatever').text).toContain('here is another one');
  chat.student = { ...chat.student, exercise: { ...chat.student.exercise!, item: 'b1-gone-1' } };
  expect(chat.say('progress').text).toContain(chat.item.prompt);
});

test('handling a message again gives the same reply', () => {
  const [one, two] = [new Chat().placed(), new Chat().placed()];
  expect(one.turns).toEqual(two.turns);
});

describe('a nudge', () => {
  const nudge = (kind: 'reminder' | 'session_expired', silentSince: string) =>
    ({ id: 'n1', student: 's1', kind, dueAt: '2025-03-11T08:00:00.000Z', silentSince }) as const;
  const at = (iso: string) => ({ now: new Date(iso), random: seededRandom('n'), eventBase: 'e:n1' });
  const student = new Chat().placed().student;
  const morning = at('2025-03-11T08:00:01.000Z');

  test('of a reminder shows the open exercise and counts the time to answer from then', () => {
    const turn = nudged(student, nudge('reminder', student.wroteAt!), teaching, morning);
    expect(turn.say!.text).toContain(bank.get(student.exercise!.item)!.prompt);
    expect(turn.student.exercise!.askedAt).toBe(morning.now.toISOString());
    expect(turn.events).toEqual([]);
  });

  test('of an expired session ends it with its counts and says nothing', () => {
    const turn = nudged(student, nudge('session_expired', student.wroteAt!), teaching, morning);
    const { answers, correct } = student.session!;
    expect(turn.say).toBeUndefined();
    expect(turn.events).toEqual([expect.objectContaining({ kind: 'session.ended', answers, correct })]);
    expect(turn.student.session).toBeUndefined();
    expect(nudged(turn.student, nudge('session_expired', student.wroteAt!), teaching, morning).reason).toBe(
      'no session is open',
    );
  });

  test.each([
    ['the student has written since', student, nudge('reminder', '2025-03-10T00:00:00.000Z'), morning],
    ['reminders are off', { ...student, reminders: false }, nudge('reminder', student.wroteAt!), morning],
    ['the 24-hour window has closed', student, nudge('reminder', student.wroteAt!), at('2025-03-11T10:30:00.000Z')],
    ['the student has never written', stranger, nudge('reminder', student.wroteAt!), morning],
  ])('does nothing when %s', (reason, who, what, moment) => {
    expect(nudged(who, what, teaching, moment)).toEqual({ student: who, events: [], reason });
  });
});
