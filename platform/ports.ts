import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EdwinError } from './errors';

/** Below the range from which systems take ports for outgoing connections, which could take one between look and use. */
const FIRST = 20_000;
const COUNT = 10_000;

/** A port of 127.0.0.1 that is not in `taken` and on which nothing listens now. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  const offset = randomInt(COUNT);
  for (let i = 0; i < COUNT; i++) {
    const port = FIRST + ((offset + i) % COUNT);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new EdwinError(
    'start.port-taken',
    `All ports from ${FIRST} to ${FIRST + COUNT - 1} of this machine are taken.`,
  );
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
