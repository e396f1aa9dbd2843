import type { Slot, SlotServer } from './haproxy-config';

/** HAProxy's processes: after a reload the old ones stay until their connections end. */
export interface Workers {
  readonly current: number;
  readonly old: readonly number[];
  /** Reloads that failed in a row. */
  readonly failed: number;
}

/** Of `show proc`; undefined when no worker serves, as while HAProxy starts. */
export function parseWorkers(text: string): Workers | undefined {
  const [now = '', before = ''] = text.split('# old workers');
  const pids = (part: string): number[] => [...part.matchAll(/^(\d+)\s+worker\b/gm)].map(([, pid]) => Number(pid));
  const [current] = pids(now);
  if (current === undefined) return undefined;
  return { current, old: pids(before), failed: Number(/\[failed: (\d+)\]/.exec(now)?.[1] ?? 0) };
}

/** In maintenance of any kind (1, 2, 4, 32), or draining (8, 16): HAProxy's management guide, `show servers state`. */
const AWAY = 1 | 2 | 4 | 8 | 16 | 32;
/** Operational state of a server that its check found to take no connections. */
const STOPPED = '0';

/** Of `show servers state`: all slots, free ones included, as each has a server for those who wait. */
export function parseSlots(text: string): Slot[] {
  const slots = new Map<string, SlotServer[]>();
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const [, slot, , id, host] = words;
    if (words.length < 20 || line.startsWith('#') || !slot?.startsWith('pool-')) continue;
    const servers = slots.get(slot) ?? [];
    slots.set(slot, servers);
    const state = (Number(words[6]) & AWAY) === 0 ? 'ready' : 'draining';
    const down = words[5] === STOPPED;
    if (!id!.startsWith(':')) servers.push({ id: id!, host: host!, port: Number(words[18]), state, down });
  }
  return [...slots].map(([name, servers]) => ({ name, servers }));
}

/** Of `show map`: key → value; of a key that is there twice the first counts, as it does for HAProxy. */
export function parseMap(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [id, key, value] = line.split(' ');
    if (id?.startsWith('0x') && key && value && !entries.has(key)) entries.set(key, value);
  }
  return entries;
}

/** Of `show stat`: server → requests that it is answering (`scur`; kept connections without a request do not count). */
export function parseSessions(text: string): Map<string, number> {
  const sessions = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [slot, id, , , current] = line.split(',');
    if (slot?.startsWith('pool-')) sessions.set(id!, Number(current));
  }
  return sessions;
}
