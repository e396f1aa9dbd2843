import { backoff } from './backoff';
import { createGate } from './gate';
import { messagingType, withinWindow } from './window';

test('a limit closes the gate for as long as Messenger says', () => {
  const gate = createGate();
  gate.limited(7_000, 1_000);
  expect(gate.closedFor(1_000)).toBe(7_000);
  expect(gate.closedFor(8_000)).toBe(0);
});

test('without its word the pauses grow, answers of calls under way do not count, and a success ends it', () => {
  const gate = createGate(() => 1);
  gate.limited(undefined, 0);
  gate.limited(undefined, 10);
  expect(gate.closedFor(0)).toBe(500);
  gate.limited(undefined, 500);
  expect(gate.closedFor(500)).toBe(1_000);
  gate.succeeded();
  gate.limited(undefined, 2_000);
  expect(gate.closedFor(2_000)).toBe(500);
});

test('a refused token is told until a send succeeds', () => {
  const gate = createGate();
  gate.refused('190 Invalid token', 0);
  expect(gate.closedFor(0)).toBe(30_000);
  expect(gate.problem()).toContain('190 Invalid token');
  gate.succeeded();
  expect(gate.problem()).toBeUndefined();
});

test.each([
  [1, 0, 250],
  [1, 1, 500],
  [2, 1, 1_000],
  [8, 1, 60_000],
  [500, 1, 60_000],
])('the pause after failure %i with chance %i is %i ms', (count, chance, ms) => {
  expect(backoff(count, chance)).toBe(ms);
});

const windowStart = new Date('2026-05-01T10:00:00Z');
test.each([
  ['a second before 24 hours', '2026-05-02T09:59:59Z', true],
  ['after 24 hours', '2026-05-02T10:00:00Z', false],
])('the window %s', (_name, now, open) => {
  expect(withinWindow(windowStart, new Date(now))).toBe(open);
});

test('an answer is a response, a word of our own an update', () => {
  expect([messagingType({ inReplyTo: 'm1' }), messagingType({ inReplyTo: undefined })]).toEqual(['RESPONSE', 'UPDATE']);
});
