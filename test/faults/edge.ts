import type { Edge, EdgeServer, Pool } from '../../platform/edge/edge';

export type EdgeAddress = string;
const pools = new Map<string, EdgeServer[]>();
const poolOf = (pool: Pool) => {
  const key = `${pool.environment}/${pool.service}`;
  const list = pools.get(key) ?? [];
  pools.set(key, list);
  return list;
};
const drop = (list: EdgeServer[], id: string) => {
  const at = list.findIndex((one) => one.id === id);
  if (at >= 0) return list.splice(at, 1)[0];
  return undefined;
};
export async function openTestEdge(_: EdgeAddress): Promise<Edge> {
  return {
    url: (pool) => `http://edge/${pool.environment}/${pool.service}`,
    servers: async (pool) => [...poolOf(pool)],
    add: async (pool, server) => {
      drop(poolOf(pool), server.id);
      poolOf(pool).push({ ...server, state: 'ready', sessions: 0 });
    },
    drain: async (pool, id) => {
      const old = drop(poolOf(pool), id);
      if (old) poolOf(pool).push({ ...old, state: 'draining' });
    },
    remove: async (pool, id) => void drop(poolOf(pool), id),
    close: async () => undefined,
  };
}
export async function startTestEdge(_folder: string): Promise<{ address: EdgeAddress; stop(): Promise<void> }> {
  return { address: '', stop: async () => undefined };
}
