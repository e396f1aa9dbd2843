import type { EdgeServer, NewServer, PoolPolicy } from './edge';

/** A backend of HAProxy, which serves a pool or is still free. */
export interface Slot {
  /** `pool-7` */
  readonly name: string;
  readonly servers: readonly SlotServer[];
}

export interface SlotServer {
  readonly id: string;
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly state: EdgeServer['state'];
  readonly down: boolean;
}

/** Which slot serves the pool `environment/service`. */
export interface PoolEntry {
  readonly slot: string;
  readonly policy: PoolPolicy;
}

const ANSWER_LIMIT_MS = 60_000;

/**
 * How a server is used, the same whether it is added at run time or read from the file (servers added at run time take
 * nothing from `default-server`). A check of the connection brings a server back that refused one; connections are kept
 * only with `check`, `pool-max-conn` and `pool-purge-delay` together, and not as long as the 5 s after which servers on
 * Node close them. No more of them wait unused than a request has tries: when a server dies slowly, one after the other
 * may be closed just as it is tried. On a machine that is all busy more of them are made anew for it.
 */
const serverOptions = [
  'check inter 500ms fastinter 100ms downinter 100ms rise 1 fall 2',
  'observe layer4 error-limit 1 on-error mark-down',
  'pool-purge-delay 2s pool-max-conn 3',
].join(' ');

/** The words after the name of a server, in the file as in `add server`. */
export function serverWords({ host, port }: NewServer['address']): string {
  return `${host}:${port} ${serverOptions}`;
}

/** `pools.cfg`: all slots with their servers. One that is draining comes back without traffic. */
export function poolsConfiguration(slots: readonly Slot[]): string {
  const lines = ['# Written by Edwin after each change. What is changed by hand is overwritten.'];
  for (const { name, servers } of slots) {
    lines.push(`backend ${name} from pool`, '    server :hold "unix@${EDGE_POOLS}/hold.sock" backup');
    for (const server of servers)
      lines.push(`    server ${server.id} ${serverWords(server)}${server.state === 'ready' ? '' : ' disabled'}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Empty slots from `pool-1` on, in the place of those that there are not. */
export function grown(slots: readonly Slot[], count: number): Slot[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `pool-${i + 1}`;
    return slots.find((slot) => slot.name === name) ?? { name, servers: [] };
  });
}

/** `pools.map`, as HAProxy holds it: key → value. */
export function poolsMap(entries: ReadonlyMap<string, string>): string {
  return [...entries].map(([key, value]) => `${key} ${value}\n`).join('');
}

/** Value of a pool in the map: slot, patience, retry and limit of an answer; edge.cfg and hold.lua read it. */
export function poolValue({ slot, policy: { holdSeconds, retry } }: PoolEntry): string {
  const holdMs = Math.round(holdSeconds * 1000);
  return [slot, holdMs, retry, holdMs + ANSWER_LIMIT_MS].join(':');
}

export function slotOf(value: string | undefined): string | undefined {
  return value?.split(':')[0];
}

/** Key of the map under which the host of a server is kept when it was told by name. */
export function nameKey(slot: string, id: string): string {
  return `${slot}:${id}`;
}
