import { connect, createServer, type Server, type Socket } from 'node:net';

/** A piece of network between a program and a server: it can be cut, and it can fall silent. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** Ends every connection and refuses new ones until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Keeps connections open and takes new ones, and passes nothing on, either way, until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/**
 * Passes connections on to `target`. With `host` and `port`, or the `path` of a socket, it listens there, else on a
 * free port of 127.0.0.1.
 */
export async function openRelay(
  target: { readonly host: string; readonly port: number } | { readonly path: string },
  {
    host = '127.0.0.1',
    port = 0,
    path,
  }: { readonly host?: string; readonly port?: number; readonly path?: string } = {},
): Promise<Relay> {
  const sockets = new Set<Socket>();
  let paused = false;
  const keep = (socket: Socket, other: () => Socket | undefined): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other()?.destroy();
    });
    if (paused) socket.pause();
  };
  const server: Server = createServer((near) => {
    const far = connect(target);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.pipe(far);
    far.pipe(near);
    keep(near, () => far);
    keep(far, () => near);
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(path === undefined ? { port: at, host } : { path }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const stop = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
  };
  await listen(port);
  const taken = path === undefined ? (server.address() as { port: number }).port : 0;
  return {
    host,
    port: taken,
    cut: stop,
    mend: () => listen(taken),
    pause: () => {
      paused = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      paused = false;
      for (const socket of sockets) socket.resume();
    },
    close: stop,
  };
}
