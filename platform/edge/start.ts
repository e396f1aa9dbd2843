import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { createAdmin } from './admin';
import { Deliverer } from './deliver';
import { Pools } from './pools';
import { createProxy, type Observer } from './proxy';
import { createUpgrade } from './upgrade';

export interface EdgeOptions {
  readonly host: string;
  /** Port for traffic, and for control; 0 takes a free one. */
  readonly port: number;
  readonly adminPort: number;
  readonly token: string;
  /** Keeps the pools. */
  readonly stateFile: string;
  readonly log: Logger;
  readonly observer: Observer;
}

export interface RunningEdge {
  readonly port: number;
  readonly adminPort: number;
  /** Takes no more requests, lets those that are there be answered, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const SWEEP_EVERY_MS = 250;
const CLOSE_IDLE_EVERY_MS = 25;

export async function startEdge({
  host,
  port,
  adminPort,
  token,
  stateFile,
  log,
  observer,
}: EdgeOptions): Promise<RunningEdge> {
  const pools = new Pools(stateFile, (error) =>
    log.error({ error, file: stateFile }, 'The pools could not be read; the file was set aside'),
  );
  const deliverer = new Deliverer();
  const onBug = (error: unknown): void => log.error({ error }, 'A request could not be passed on');

  const proxy = createProxy(pools, deliverer, observer);
  const upgrade = createUpgrade(pools, deliverer, observer);
  const traffic = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 20_000, requestTimeout: 0 },
    (request, response) => {
      proxy(request, response).catch((error: unknown) => {
        onBug(error);
        response.destroy();
      });
    },
  );
  traffic.maxHeadersCount = 200;
  traffic.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head).catch((error: unknown) => {
      onBug(error);
      socket.destroy();
    });
  });
  const admin = createServer(
    { requestTimeout: 10_000 },
    createAdmin(pools, token, (error) => log.error({ error }, 'The pools could not be changed')),
  );
  await Promise.all([listen(traffic, host, port), listen(admin, host, adminPort)]);

  const sweep = setInterval(() => {
    const now = performance.now();
    for (const pool of pools.all())
      for (const server of pool.all())
        for (const session of server.sessions) if (session.deadline < now) session.expire();
  }, SWEEP_EVERY_MS);

  return {
    port: (traffic.address() as AddressInfo).port,
    adminPort: (admin.address() as AddressInfo).port,
    close: async (graceMs) => {
      deliverer.close(pools.all());
      const closed = [closeServer(traffic, graceMs), closeServer(admin, graceMs)];
      await Promise.all(closed);
      clearInterval(sweep);
      for (const pool of pools.all()) for (const server of pool.all()) server.cut();
      await pools.save();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new EdwinError('start.port-taken', `Port ${port} of ${host} is taken.`, { cause: error })
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = performance.now() + graceMs;
    const timer = setInterval(() => {
      if (performance.now() > limit) server.closeAllConnections();
      else server.closeIdleConnections();
    }, CLOSE_IDLE_EVERY_MS);
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
