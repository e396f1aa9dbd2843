import type { Host } from '../hosts/hosts';

/** What to place: `count` instances of one service. */
export interface Wish {
  readonly environment: string;
  readonly service: string;
  readonly count: number;
  readonly memoryMb: number;
  readonly cpus: number;
}

/** What a running instance takes on its host. */
export interface Taken {
  readonly host: string;
  readonly environment: string;
  readonly service: string;
  readonly memoryMb: number;
  readonly cpus: number;
}

export interface Placement {
  /** Host of each instance, in order; undefined when not all fit. */
  readonly hosts: readonly string[] | undefined;
  /** Host → why it was not used, or why no more fit on it. */
  readonly refused: Readonly<Record<string, string>>;
}

interface Room {
  readonly host: Host;
  memoryMb: number;
  cpus: number;
  own: number;
}

/**
 * Spreads instances over the hosts: fewest of the same service on a host first, then fewest in its zone, then the
 * least busy host. Memory is a hard bound, since an instance without it dies; processors only slow down, so they
 * count for the order, and an instance must not want more of them than the host has.
 */
export function place(wish: Wish, hosts: readonly Host[], taken: readonly Taken[]): Placement {
  const refused: Record<string, string> = {};
  const rooms: Room[] = [];
  for (const host of hosts) {
    const reason = unusable(host, wish);
    if (reason === undefined) rooms.push(roomOf(host, wish, taken));
    else refused[host.name] = reason;
  }
  const chosen: string[] = [];
  while (chosen.length < wish.count) {
    const fitting = rooms.filter((room) => room.memoryMb >= wish.memoryMb);
    for (const { host, memoryMb } of rooms) {
      if (memoryMb < wish.memoryMb) refused[host.name] = `${memoryMb} MiB of memory left, ${wish.memoryMb} needed`;
    }
    const best = fitting.sort((a, b) => compare(a, b, rooms))[0];
    if (best === undefined) return { hosts: undefined, refused };
    best.memoryMb -= wish.memoryMb;
    best.cpus -= wish.cpus;
    best.own += 1;
    chosen.push(best.host.name);
  }
  return { hosts: chosen, refused };
}

function unusable(host: Host, wish: Wish): string | undefined {
  if (host.state === 'drained') return 'it is drained';
  if (host.state === 'unknown') return 'it can not be reached';
  if (host.environments.length > 0 && !host.environments.includes(wish.environment))
    return `it does not take instances of ${wish.environment}`;
  if (host.cpus < wish.cpus) return `it has ${host.cpus} processors, ${wish.cpus} needed`;
  return undefined;
}

function roomOf(host: Host, wish: Wish, taken: readonly Taken[]): Room {
  const here = taken.filter((instance) => instance.host === host.name);
  return {
    host,
    memoryMb: host.memoryMb - here.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
    cpus: host.cpus - here.reduce((sum, { cpus }) => sum + cpus, 0),
    own: here.filter(({ environment, service }) => environment === wish.environment && service === wish.service).length,
  };
}

function compare(a: Room, b: Room, rooms: readonly Room[]): number {
  const inZone = (room: Room) =>
    rooms.filter(({ host }) => host.zone === room.host.zone).reduce((sum, { own }) => sum + own, 0);
  return (
    a.own - b.own ||
    inZone(a) - inZone(b) ||
    b.cpus / b.host.cpus - a.cpus / a.host.cpus ||
    b.memoryMb - a.memoryMb ||
    (a.host.name < b.host.name ? -1 : 1)
  );
}

/** The refusals as one sentence. */
export function whyNot({ refused }: Placement): string {
  const reasons = Object.entries(refused).map(([host, reason]) => `${host}: ${reason}`);
  return reasons.length === 0 ? 'there are no hosts' : reasons.join('; ');
}
