import type { EdgeServer } from '../edge/edge';
import type { Instance } from '../hosts/hosts';
import type { RegisteredInstance } from '../registry/registry';
import type { Chores, Facts } from './keep';

export const NOW = Date.UTC(2026, 0, 1);
const address = { host: '127.0.0.1', port: 80 };

export const instance = (
  id: string,
  changes: Partial<Instance> & { release?: number; operation?: string; age?: number } = {},
): Instance => ({
  id,
  host: 'h1',
  labels: { environment: 'stage', service: 'web', release: changes.release ?? 2, operation: changes.operation ?? '5' },
  image: 'sha256:0',
  state: 'running',
  address,
  startedAt: new Date(NOW - (changes.age ?? 60_000)),
  exit: undefined,
  ...changes,
});
export const entry = (id: string, changes: Partial<RegisteredInstance> = {}): RegisteredInstance => ({
  id,
  service: 'web',
  release: 2,
  host: 'h1',
  address,
  ttlSeconds: 15,
  health: 'passing',
  note: '',
  reportedAt: new Date(NOW),
  ...changes,
});
export const server = (id: string, changes: Partial<EdgeServer> = {}): EdgeServer => ({
  id,
  address,
  state: 'ready',
  down: false,
  sessions: 0,
  ...changes,
});
export const facts = (changes: Partial<Facts>): Facts => ({
  kind: 'http',
  serving: 2,
  wanted: 2,
  instances: [instance('a'), instance('b')],
  registered: [entry('a'), entry('b')],
  servers: [server('a'), server('b')],
  health: new Map(),
  isOurs: ({ labels }) => labels.operation !== 'foreign',
  now: NOW,
  ...changes,
});
export const sick = (sinceMs: number) => ({ failures: 5, since: NOW - sinceMs, note: '503' });

/** What is to be done, without what is empty. */
export const told = (found: Chores) =>
  Object.fromEntries(
    Object.entries({
      ...found,
      enlist: found.enlist.map(({ id }) => id),
      retire: found.retire.map((one) => `${one.instance.id}: ${one.reason}`),
    }).filter(([, value]) => value !== 0 && value !== false && !(Array.isArray(value) && value.length === 0)),
  );
