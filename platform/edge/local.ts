import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError, type ErrorCode } from '../errors';
import type { Edge, EdgeServer, NewServer, Pool, PoolPolicy } from './edge';

export interface LocalEdgeOptions {
  /** Where clients send traffic. */
  readonly trafficUrl: string;
  readonly adminUrl: string;
  readonly token: string;
  /** How long a call goes on trying while the edge is being restarted. */
  readonly patienceMs?: number;
}

const CALL_LIMIT_MS = 5_000;
const PATIENCE_MS = 5_000;
const TRY_EVERY_MS = 50;

/** Our own edge program, told over HTTP what to do. Every call may be repeated, so one that met a restart is. */
export function openLocalEdge({ trafficUrl, adminUrl, token, patienceMs = PATIENCE_MS }: LocalEdgeOptions): Edge {
  const closed = new AbortController();

  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    for (const limit = Date.now() + patienceMs; ; await pause(TRY_EVERY_MS)) {
      const signal = AbortSignal.any([AbortSignal.timeout(CALL_LIMIT_MS), closed.signal]);
      const request = {
        method,
        signal,
        headers: { authorization: `Bearer ${token}` },
        ...(body && { body: JSON.stringify(body) }),
      };
      try {
        const response = await fetch(new URL(path, adminUrl), request);
        const answer = (await response.json()) as { code?: ErrorCode; message?: string };
        if (response.ok) return answer;
        throw new EdwinError(
          answer.code ?? (response.status === 401 ? 'edge.refused' : 'edge.unreachable'),
          answer.message ?? `The edge at ${adminUrl} answered ${response.status}.`,
        );
      } catch (error) {
        if (error instanceof EdwinError) throw error;
        if (Date.now() < limit && !closed.signal.aborted) continue;
        throw new EdwinError('edge.unreachable', `The edge does not answer at ${adminUrl}.`, { cause: error });
      }
    }
  };
  const pathOf = ({ environment, service }: Pool) => `/pools/${environment}/${service}`;
  const serverPath = (pool: Pool, id: string) => `${pathOf(pool)}/servers/${encodeURIComponent(id)}`;

  return {
    url: ({ environment, service }) => `${trafficUrl.replace(/\/$/, '')}/${environment}/${service}`,
    servers: async (pool) => (await call('GET', pathOf(pool))) as EdgeServer[],
    add: async (pool: Pool, { id, address }: NewServer, policy: PoolPolicy) => {
      await call('PUT', serverPath(pool, id), { address, policy });
    },
    drain: async (pool, id) => {
      await call('POST', `${serverPath(pool, id)}/drain`);
    },
    remove: async (pool, id, options) => {
      await call('DELETE', `${serverPath(pool, id)}${options?.force ? '?force=yes' : ''}`);
    },
    close: async () => closed.abort(),
  };
}
