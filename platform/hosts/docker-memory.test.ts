import { Memory } from './docker-memory';
import type { Instance } from './hosts';

const instance = (id: string, state: Instance['state'] = 'running', startedAt = 1): Instance => ({
  id,
  host: 'h1',
  labels: { environment: 'stage', service: 'web', release: 1, operation: '1' },
  image: 'sha256:0',
  state,
  address: undefined,
  startedAt: new Date(startedAt),
  exit: state === 'exited' ? { code: 0, signal: undefined, at: new Date(2) } : undefined,
});

let told: string[];
let memory: Memory;
beforeEach(() => {
  told = [];
  memory = new Memory(({ kind, instance: { id } }) => told.push(`${kind} ${id}`));
});
const compare = (...instances: Instance[]) => memory.compare(instances, memory.mark());

test('what is there at first is no news; what comes, ends or vanishes later is', () => {
  compare(instance('a'), instance('b'), instance('c'));
  expect(told).toEqual([]);
  compare(instance('a', 'exited'), instance('c'), instance('d'));
  expect(told).toEqual(['exited a', 'started d', 'exited b']);
});

test('a start and an end are told once, whoever sees them first', () => {
  compare();
  memory.note(instance('a'));
  memory.note(instance('a'));
  memory.note(instance('a', 'exited'));
  memory.note(instance('a'));
  compare(instance('a', 'exited'));
  expect(told).toEqual(['started a', 'exited a']);
});

test('one that has ended before it was seen is told as started and exited', () => {
  compare();
  memory.note(instance('a', 'exited'));
  expect(told).toEqual(['started a', 'exited a']);
});

test('a list that was asked for before a start does not say that it is gone', () => {
  compare();
  const asked = memory.mark();
  memory.note(instance('a'));
  memory.replace([], asked);
  memory.compare([], asked);
  expect([told, memory.get('a')?.id]).toEqual([['started a'], 'a']);
});

test('one that somebody started again is told again', () => {
  compare(instance('a', 'exited'));
  memory.note(instance('a', 'running', 5));
  memory.note(instance('a', 'exited', 5));
  expect(told).toEqual(['started a', 'exited a']);
});

test('while the host is away what exited has exited, and nobody knows of the rest', () => {
  memory.replace([instance('a'), instance('b', 'exited')], memory.mark());
  expect(memory.unknown().map(({ id, state }) => [id, state])).toEqual([
    ['a', 'unknown'],
    ['b', 'exited'],
  ]);
  memory.forget('b');
  expect(memory.unknown()).toHaveLength(1);
});
