import type { Hosts, Instance, InstanceEvent } from '../hosts/hosts';
import { openListing } from './listing';

/** Hosts that answer when the test lets them. */
function openHosts() {
  const asked: ((instances: readonly Instance[]) => void)[] = [];
  let tell: (event: InstanceEvent) => void = () => undefined;
  const hosts = {
    instances: () => new Promise((resolve) => asked.push(resolve)),
    watch: (onEvent: typeof tell) => {
      tell = onEvent;
      return { stop: () => undefined };
    },
  } as unknown as Hosts;
  return { asked, tell: (event: InstanceEvent) => tell(event), listing: openListing(hosts) };
}

const running = (id: string, startedAt = 1): Instance => ({
  id,
  host: 'alpha',
  labels: { environment: 'stage', service: 'web', release: 1, operation: '7' },
  image: 'sha256:1',
  state: 'running',
  address: { host: '127.0.0.1', port: 4000 },
  startedAt: new Date(startedAt),
  exit: undefined,
});
const exited = (id: string, startedAt = 1): Instance => ({
  ...running(id, startedAt),
  state: 'exited',
  address: undefined,
  exit: { code: 1, signal: undefined, at: new Date(startedAt + 1) },
});
const states = (instances: readonly Instance[]) => instances.map(({ id, state }) => `${id} ${state}`).sort();

test('what is told while the hosts are asked is part of their answer', async () => {
  const { asked, tell, listing } = openHosts();
  const answer = listing.all(0);
  listing.note(running('two'));
  tell({ kind: 'exited', instance: exited('one') });
  asked[0]?.([running('one')]);
  expect(states(await answer)).toEqual(['one exited', 'two running']);
});

test('what is told later is part of an answer that is shared, and the hosts are not asked again', async () => {
  const { asked, tell, listing } = openHosts();
  const first = listing.all(60_000);
  asked[0]?.([running('one')]);
  expect(states(await first)).toEqual(['one running']);
  tell({ kind: 'started', instance: running('two') });
  tell({ kind: 'exited', instance: exited('one') });
  expect(states(await listing.all(60_000))).toEqual(['one exited', 'two running']);
  expect(asked).toHaveLength(1);
});

test('a start that is told late does not bring back what has exited; one that is started again runs', async () => {
  const { asked, tell, listing } = openHosts();
  const first = listing.all(60_000);
  asked[0]?.([exited('listed'), exited('again')]);
  await first;
  tell({ kind: 'started', instance: running('listed') });
  tell({ kind: 'exited', instance: exited('told') });
  tell({ kind: 'started', instance: running('told') });
  tell({ kind: 'started', instance: running('again', 5) });
  expect(states(await listing.all(60_000))).toEqual(['again running', 'listed exited', 'told exited']);
});

test('a start that is told late does not hide that its host is not reached, an exit does', async () => {
  const { asked, tell, listing } = openHosts();
  const first = listing.all(60_000);
  tell({ kind: 'started', instance: running('one') });
  tell({ kind: 'exited', instance: exited('two') });
  asked[0]?.([
    { ...running('one'), state: 'unknown' },
    { ...running('two'), state: 'unknown' },
  ]);
  expect(states(await first)).toEqual(['one unknown', 'two exited']);
});

test('after something was removed the hosts are asked again, and what was told before is forgotten', async () => {
  const { asked, tell, listing } = openHosts();
  const first = listing.all(60_000);
  asked[0]?.([running('one')]);
  await first;
  tell({ kind: 'exited', instance: exited('one') });
  listing.stale();
  const second = listing.all(60_000);
  asked[1]?.([]);
  expect(await second).toEqual([]);
});
