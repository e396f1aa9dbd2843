import { join } from 'node:path';
import type { Edge } from '../../platform/edge/edge';
import { openEdge } from '../../platform/edge/open';
import { startEdge } from '../../platform/edge/start';
import { silent } from '../../platform/log';

export interface EdgeAddress {
  readonly adminUrl: string;
  readonly trafficUrl: string;
  readonly token: string;
}

export const openTestEdge = (address: EdgeAddress): Promise<Edge> =>
  openEdge(address.adminUrl, { trafficUrl: address.trafficUrl, token: address.token });

/** The real edge, inside this process. */
export async function startTestEdge(folder: string): Promise<{ address: EdgeAddress; stop(): Promise<void> }> {
  const token = 'only-for-this-test';
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    adminPort: 0,
    token,
    stateFile: join(folder, 'edge.json'),
    log: silent,
    observer: { request: () => undefined, retry: () => undefined },
  });
  return {
    address: { adminUrl: `http://127.0.0.1:${edge.adminPort}`, trafficUrl: `http://127.0.0.1:${edge.port}`, token },
    stop: () => edge.close(100),
  };
}
