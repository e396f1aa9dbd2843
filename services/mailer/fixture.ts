import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import type { Pool } from '../../platform/database/postgres';
import { silent } from '../../platform/log';
import { mailerServer } from './server';

export const TOKEN = 'token-of-the-mailer';

export interface RunningMailer {
  readonly url: string;
  readonly server: Server;
  /** How often the relay was told of something. */
  pokes(): number;
  close(): Promise<void>;
}

/** The mailer of `main.ts` without its relay, on a real socket. */
export async function startMailer(pool: Pool, port = 0): Promise<RunningMailer> {
  await migrate(pool, join(__dirname, 'migrations'), 'mailer');
  let pokes = 0;
  const app = mailerServer({ pool, token: TOKEN, log: silent, saved: () => void pokes++ });
  await app.ready();
  const server = createServer(app.routing);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    pokes: () => pokes,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
