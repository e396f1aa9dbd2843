import { readFileSync } from 'node:fs';
import { type Agent, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsOptions } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Docker, { type DockerOptions } from 'dockerode';
import type { Logger } from '../log';
import type { HostEntry } from './hosts-file';
import { openTunnel, type Tunnel } from './ssh-tunnel';

/** Docker's API, the newest that engines since 20.10 speak. */
const API_VERSION = 'v1.41';
/** An engine that says nothing for so long, while a call waits, is taken for gone. */
const CALL_LIMIT_MS = 20_000;
/** Idle connections that are kept for the next call. */
const KEPT_CONNECTIONS = 4;
const MOST_CONNECTIONS = 16;

/**
 * Connections to the Docker engine of one host. Several clients, since dockerode's limit of time also ends calls and
 * streams on which nothing happens to come.
 */
export interface Engine {
  /** As the hosts file has it now; its way and certificates never change. */
  host: HostEntry;
  /** For what ends by itself: without a byte for 20 s it fails. Connections are kept. */
  readonly calls: Docker;
  /** For what ends by itself in its own time: create, start, stop, remove. Connections are kept; the caller sets a limit. */
  readonly actions: Docker;
  /** For streams and long calls: events, logs, builds, pulls. It has no limit, so the caller sets one. */
  readonly streams: Docker;
  /** What the way to the engine itself says is wrong, if it knows: SSH's last words. */
  trouble(): string | undefined;
  /** Ends idle connections; to be called when the engine was away, so that no dead one is used again. */
  refresh(): void;
  close(): void;
}

/** Connects when it is first used. @throws when the TLS files can not be read */
export function connectEngine(host: HostEntry, log: Logger): Engine {
  const tunnel = host.engine.startsWith('ssh:') ? openTunnel(host, log) : undefined;
  const way = wayTo(host, tunnel);
  const open = (options: HttpsOptions): Agent => {
    const agent = way.protocol === 'https' ? new HttpsAgent(options) : new HttpAgent(options);
    // docker-modem writes out all options of every request for a debug line, agent, sockets and all that hangs on them
    // included, whether it is wanted or not: without this, some hundred milliseconds of this process each time.
    return Object.assign(agent, { [inspect.custom]: () => 'Agent' });
  };
  const kept = open({
    keepAlive: true,
    maxSockets: MOST_CONNECTIONS,
    maxFreeSockets: KEPT_CONNECTIONS,
    scheduling: 'lifo',
  });
  const single = open({ keepAlive: false });
  return {
    host,
    calls: clientOf(way, { agent: kept, timeout: CALL_LIMIT_MS }),
    actions: clientOf(way, { agent: kept, timeout: undefined }),
    streams: clientOf(way, { agent: single, timeout: undefined }),
    trouble: () => tunnel?.trouble(),
    refresh: () => {
      for (const sockets of Object.values(kept.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    },
    close() {
      kept.destroy();
      single.destroy();
      tunnel?.close();
    },
  };
}

interface Way extends Pick<DockerOptions, 'host' | 'port' | 'protocol' | 'ca' | 'cert' | 'key'> {
  /** docker-modem also takes a function. */
  readonly socketPath?: string | (() => Promise<string>);
}

/** Everything is set, since dockerode takes what is not from DOCKER_HOST and the like. */
function clientOf(way: Way, more: { readonly agent: Agent; readonly timeout: number | undefined }): Docker {
  const nothing = { socketPath: undefined, host: undefined, ca: undefined, cert: undefined, key: undefined };
  return new Docker({ ...nothing, ...way, ...more, version: API_VERSION, pathPrefix: '/' } as DockerOptions);
}

function wayTo({ engine, tls }: HostEntry, tunnel: Tunnel | undefined): Way {
  if (tunnel) return { socketPath: tunnel.ready, protocol: 'http' };
  const { protocol, hostname, port, pathname } = new URL(engine);
  if (protocol === 'unix:') return { socketPath: decodeURIComponent(pathname), protocol: 'http' };
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port };
  if (tls === undefined) return { ...address, protocol: 'http' };
  const read = (file: string) => readFileSync(join(tls, file));
  return { ...address, protocol: 'https', ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
