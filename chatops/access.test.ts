import { openAccess } from './access';
import type { Actor } from './command';

const person = (id: string, changes: Partial<Actor> = {}): Actor => ({
  id: `slack:${id}`,
  name: id,
  door: 'slack',
  standing: 'member',
  ...changes,
});
const access = openAccess('operator=U1 engineer=U2,cli:robot viewer=*', 'viewer');

test.each([
  [person('U1'), 'operator'],
  [person('U2'), 'engineer'],
  [person('U3'), 'viewer'],
  [person('alice', { id: 'cli:alice', door: 'cli' }), 'engineer'],
  [person('U1', { standing: 'guest' }), undefined],
] as const)('%j has the role %s', (actor, role) => {
  expect(access.role(actor)).toBe(role);
});

test.each(['guest', 'stranger', 'bot'] as const)('a %s is refused whatever the lists say', (standing) => {
  expect(access.refusal(person('U1', { standing }), 'viewer')).toMatch(/can not give commands/);
});

test('who may not is told what it needs', () => {
  expect(access.refusal(person('U3'), 'engineer')).toBe('U3 is a viewer here, and this needs an engineer.');
  expect(access.refusal(person('U2'), 'engineer')).toBeUndefined();
});

test('a Slack name can not pass for a person of the terminal', () => {
  expect(access.role(person('cli:robot'))).toBe('viewer');
});

test.each(['admin=U1', 'engineer', 'engineer='])('a list like %j is refused at start', (spec) => {
  expect(() => openAccess(spec, 'viewer')).toThrow(/CHAT_ROLES/);
});
