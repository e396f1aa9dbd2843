import { findOurs, leavesWithin, type Sight, settle } from './doubt';

const startedAt = new Date('2026-05-01T10:00:00.000Z');
const later = (ms: number) => new Date(startedAt.getTime() + ms);

test.each<[string, number, number, number, Sight | undefined, object]>([
  ['waits for an echo at first', 100, 1, 0, undefined, { do: 'wait', until: later(1_500) }],
  ['then looks into the conversation', 1_500, 1, 0, undefined, { do: 'look' }],
  ['waits longer at the third try', 1_500, 3, 0, undefined, { do: 'wait', until: later(6_000) }],
  ['is settled by what it finds', 2_000, 1, 0, { messageId: 'm1' }, { do: 'sent', messageId: 'm1' }],
  ['sends again what is not there', 2_000, 1, 0, 'absent', { do: 'send-again' }],
  ['asks again when there is no answer', 2_000, 1, 2, 'unanswered', { do: 'wait', until: later(6_000) }],
  ['asks at most a minute apart', 2_000, 1, 30, 'unanswered', { do: 'wait', until: later(62_000) }],
  ['waits for an echo where it may not look', 2_000, 1, 0, 'blind', { do: 'wait', until: later(60_000) }],
  ['but not for ever', 60_000, 1, 0, 'blind', { do: 'send-again' }],
])('a send in doubt %s', (_name, age, attempt, looks, sight, step) => {
  expect(settle({ startedAt, attempt, looks }, sight, later(age))).toMatchObject(step);
});

const shown = { id: 'm1', text: 'Correct!', createdAt: new Date('2026-05-01T10:00:00Z'), from: 'page' };
const send = { student: 'anna', text: 'Correct!', firstStartedAt: later(400), claimed: new Set<string>() };

test.each([
  ['the same words, though times are cut to seconds', shown, send, 'm1'],
  ['words that differ in spaces only', { ...shown, text: ' Correct! \n' }, send, 'm1'],
  ['other words', { ...shown, text: 'Wrong.' }, send, undefined],
  ['the same words written by the student', { ...shown, from: 'anna' }, send, undefined],
  ['the same words of another send', shown, { ...send, claimed: new Set(['m1']) }, undefined],
  ['the same words long before', shown, { ...send, firstStartedAt: later(120_000) }, undefined],
])('ours or not: %s', (_name, message, wanted, id) => {
  expect(findOurs([message], wanted)?.id).toBe(id);
});

test.each([1, 2, 3, 50])('what leaves in time at try %d is visible before somebody looks', (attempt) => {
  const doubt = { startedAt, attempt, looks: 0 };
  expect(settle(doubt, undefined, later(leavesWithin(attempt) + 400))).toMatchObject({ do: 'wait' });
  expect(leavesWithin(attempt)).toBeGreaterThanOrEqual(1_000);
});
