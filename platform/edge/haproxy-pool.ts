import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import type { NewServer, Pool, PoolPolicy } from './edge';
import type { Workers } from './haproxy-answers';
import { NoAnswer } from './haproxy-cli';
import { nameKey, poolValue, serverWords, slotOf } from './haproxy-config';
import type { Master } from './haproxy-master';

const REMOVE_LIMIT_MS = 2_000;
const TRY_EVERY_MS = 10;

export const keyOf = ({ environment, service }: Pool): string => `${environment}/${service}`;

/** The slot of the pool, if it has one and this policy is its own already. */
export async function knownSlot(master: Master, pool: Pool, policy: PoolPolicy): Promise<string | undefined> {
  const entry = (await master.entries()).get(keyOf(pool));
  const slot = slotOf(entry);
  return slot !== undefined && entry === poolValue({ slot, policy }) ? slot : undefined;
}

/**
 * The slot of the pool, with this policy; a free one when it had none.
 * Two programs that take the same one see it: the first in the map keeps it.
 * @throws NoAnswer when there is no free one
 */
export async function takeSlot(master: Master, pool: Pool, policy: PoolPolicy): Promise<string> {
  const key = keyOf(pool);
  for (;;) {
    const entries = await master.entries();
    const known = slotOf(entries.get(key));
    const slot = known ?? (await freeSlot(master, entries));
    const value = poolValue({ slot, policy });
    if (entries.get(key) === value) return slot;
    await master.tell(`${known ? 'set' : 'add'} map ${master.map} ${key} ${value}`);
    if (known) return slot;
    const [first] = [...(await master.entries())].find(([, other]) => slotOf(other) === slot) ?? [];
    if (first === key) return slot;
    await master.tell(`del map ${master.map} ${key}`);
  }
}

async function freeSlot(master: Master, entries: ReadonlyMap<string, string>): Promise<string> {
  const taken = new Set([...entries.values()].map(slotOf));
  const free = (await master.slots()).find(({ name, servers }) => !taken.has(name) && servers.length === 0);
  if (!free) throw new NoAnswer('it has no free slot for a new pool');
  return free.name;
}

/** Adds the server, or makes it ready again. */
export async function enlist(master: Master, workers: Workers, slot: string, server: NewServer): Promise<void> {
  const { id, address } = server;
  const host = isIP(address.host) ? address.host : (await resolve(address.host)).address;
  const known = (await master.slot(slot))?.servers.find((each) => each.id === id);
  if (known && (known.host !== host || known.port !== address.port)) await strike(master, workers, slot, id, true);
  const name = `${slot}/${id}`;
  // Before it is added, so that it is never listed without its host's name.
  await nameHost(master, nameKey(slot, id), host === address.host ? undefined : address.host);
  const answer = await master.tell(
    `add server ${name} ${serverWords({ host, port: address.port })}`,
    `enable health ${name}`,
    `set server ${name} state ready`,
  );
  if (!enlisted.test(answer)) throw new NoAnswer(`${id} was not added: ${answer}`);
}

/** What HAProxy answers when the server is there and ready, whether it was before or not. */
const enlisted = /^(New server registered\.|Already exists a server with the same name in backend\.?)?$/;

async function resolve(host: string): Promise<{ address: string }> {
  return lookup(host).catch((error: Error) => {
    throw new NoAnswer(`the host ${host} has no address`, { cause: error });
  });
}

/** HAProxy's servers at run time have IP addresses; the name of the host is kept beside, to be listed. */
async function nameHost(master: Master, key: string, host: string | undefined): Promise<void> {
  const known = (await master.entries()).get(key);
  if (known === host) return;
  if (known !== undefined) await master.tell(`del map ${master.map} ${key}`);
  if (host !== undefined) await master.tell(`add map ${master.map} ${key} ${host}`);
}

/**
 * Takes the server out of the slot. Sessions of a process from before a reload are counted, but can not be cut.
 * @throws `edge.busy` when it has sessions, unless they are to be cut
 */
export async function strike(
  master: Master,
  workers: Workers,
  slot: string,
  id: string,
  force: boolean,
): Promise<void> {
  const known = (await master.slot(slot))?.servers.find((server) => server.id === id);
  // The name of its host may be there without it, when somebody died before adding it.
  if (!known) return nameHost(master, nameKey(slot, id), undefined);
  const name = `${slot}/${id}`;
  // Nothing comes to it from here on, so that what is counted next can only become less.
  const quiet = `set server ${name} state maint`;
  if (!force) {
    await master.tell(quiet);
    const sessions = (await master.sessions(slot, workers)).get(id) ?? 0;
    if (sessions > 0) {
      await master.tell(`set server ${name} state ${known.state === 'ready' ? 'ready' : 'drain'}`);
      throw new EdwinError('edge.busy', `${id} still answers ${sessions} request${sessions === 1 ? '' : 's'}.`);
    }
  }
  const cut = force ? [`shutdown sessions server ${name}`] : [];
  for (const limit = Date.now() + REMOVE_LIMIT_MS; ; await pause(TRY_EVERY_MS)) {
    await master.tell(quiet, ...cut, `del server ${name}`);
    if (!(await master.slot(slot))?.servers.some((server) => server.id === id)) break;
    if (Date.now() > limit) throw new NoAnswer(`${id} could not be removed: its connections do not end`);
  }
  await nameHost(master, nameKey(slot, id), undefined);
}
