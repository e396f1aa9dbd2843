import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded';

const LOOK_MS = 500;

/** Starts the embedded PostgreSQL as `startEmbedded` does, and again, on the same port, whenever it ends by itself. */
export async function keepEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { log } = options;
  const first = await startEmbedded(options);
  let server = first;
  let starting: Promise<void> | undefined;
  let stopped = false;

  const startAgain = async (): Promise<void> => {
    log.error({ pid: server.pid }, 'PostgreSQL ended by itself; it is started again');
    try {
      server = await startEmbedded({ ...options, port: first.port });
    } catch (error) {
      log.error({ error }, 'PostgreSQL could not be started again, trying once more');
    }
    starting = undefined;
  };
  const timer = setInterval(() => {
    if (!stopped && !starting && !server.alive()) starting = startAgain();
  }, LOOK_MS);

  return {
    adminUrl: first.adminUrl,
    port: first.port,
    adopted: first.adopted,
    get pid() {
      return server.pid;
    },
    alive: () => server.alive(),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await starting;
      await server.stop();
    },
  };
}
