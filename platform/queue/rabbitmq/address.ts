import { readFileSync } from 'node:fs';
import type { Options, SocketOptions } from 'amqplib';
import { EdwinError } from '../../errors';

/** Where a virtual host is, and as whom it is entered. */
export interface Address {
  /** For people: `10.0.0.5:5672 (virtual host stage)`. */
  readonly where: string;
  readonly vhost: string;
  readonly connect: Options.Connect;
  readonly tls: Pick<SocketOptions, 'ca' | 'cert' | 'key'>;
  /** The HTTP API of the management plugin; undefined where there is none. */
  readonly management: { readonly url: string; readonly user: string; readonly password: string } | undefined;
}

/** A server that gives no sign of life is noticed after two of them. */
const HEARTBEAT_SECONDS = 4;
const known = ['management', 'heartbeat', 'ca', 'cert', 'key'];

/**
 * Reads `amqp://USER:PASSWORD@HOST[:5672]/VHOST` or `amqps://…[:5671]/…`. After a `?`:
 * - `management`: address of the HTTP API, by default port 15672 of the same host (amqps: https, 15671), with the same
 *   user unless the address names another; `none` where there is no such plugin.
 * - `ca`, `cert`, `key`: paths of PEM files: who signed the server's certificate, and the client's own.
 * - `heartbeat`: seconds, by default 4.
 * @throws `config.invalid`, without the address, which holds a password
 */
export function readAddress(address: string): Address {
  const url = parsed(address);
  const secure = url.protocol === 'amqps:';
  const strange = [...url.searchParams.keys()].find((key) => !known.includes(key));
  if (strange !== undefined) throw invalid(`it has no setting "${strange}", only ${known.join(', ')}`);
  const heartbeat = Number(url.searchParams.get('heartbeat') ?? HEARTBEAT_SECONDS);
  if (!(Number.isInteger(heartbeat) && heartbeat >= 1)) throw invalid('heartbeat is not a whole number of seconds');
  const port = Number(url.port || (secure ? 5671 : 5672));
  const vhost = decodeURIComponent(url.pathname.slice(1)) || '/';
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (username === '') throw invalid('it names no user');
  return {
    where: `${url.hostname}:${port} (virtual host ${vhost})`,
    vhost,
    connect: {
      protocol: secure ? 'amqps' : 'amqp',
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      username,
      password,
      vhost: encodeURIComponent(vhost), // amqplib decodes it
      heartbeat,
      frameMax: 131_072,
    },
    tls: {
      ...file(url, 'ca', (pem) => ({ ca: pem })),
      ...file(url, 'cert', (pem) => ({ cert: pem })),
      ...file(url, 'key', (pem) => ({ key: pem })),
    },
    management: managementOf(url, username, password),
  };
}

function managementOf(url: URL, user: string, password: string): Address['management'] {
  const set = url.searchParams.get('management');
  if (set === 'none') return undefined;
  const api = parsed(
    set ?? (url.protocol === 'amqps:' ? `https://${url.hostname}:15671` : `http://${url.hostname}:15672`),
  );
  if (!/^https?:$/.test(api.protocol)) throw invalid('management is neither an http address nor "none"');
  const own = api.username !== '';
  return {
    url: `${api.origin}${api.pathname.replace(/\/$/, '')}`,
    user: own ? decodeURIComponent(api.username) : user,
    password: own ? decodeURIComponent(api.password) : password,
  };
}

function file<T>(url: URL, name: string, use: (pem: Buffer) => T): T | undefined {
  const path = url.searchParams.get(name);
  if (path === null) return undefined;
  try {
    return use(readFileSync(path));
  } catch (error) {
    throw invalid(`${name}=${path} can not be read: ${(error as Error).message}`);
  }
}

function parsed(address: string): URL {
  try {
    return new URL(address);
  } catch {
    throw invalid('it is no address');
  }
}

function invalid(why: string): EdwinError {
  return new EdwinError('config.invalid', `QUEUE_URL can not be used: ${why}.`);
}
