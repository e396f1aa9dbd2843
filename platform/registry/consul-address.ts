import { readFileSync } from 'node:fs';
import { EdwinError } from '../errors';

/** Where a Consul agent is, taken from its address. */
export interface ConsulAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly datacenter: string;
  /** `host:port/datacenter`, for people. */
  readonly where: string;
  /** Contents of the files that `?ca=…&cert=…&key=…` name: who is trusted, and who we are. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

const DEFAULT_PORT = 8500;

/**
 * Reads `consul+http://:TOKEN@host:port/datacenter`, or `consul+https://` with `?ca=/path/ca.pem&cert=…&key=…`.
 * @throws `config.invalid`, without the token
 */
export function consulAddress(text: string): ConsulAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === 'consul+https:';
  const datacenter = url?.pathname.slice(1) ?? '';
  if (url === undefined || !url.hostname || !/^[\w-]+$/.test(datacenter) || url.username)
    throw new EdwinError(
      'config.invalid',
      'The address of a Consul registry reads consul+http://:TOKEN@host:port/datacenter, or consul+https://….',
    );
  const port = Number(url.port || DEFAULT_PORT);
  const where = `${url.hostname}:${port}/${datacenter}`;
  const file = (name: string): Buffer | undefined => {
    const path = url.searchParams.get(name);
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new EdwinError('config.invalid', `The file ${path} (${name} of Consul at ${where}) can not be read.`, {
        cause: error,
      });
    }
  };
  const [ca, cert, key] = [file('ca'), file('cert'), file('key')];
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    token: decodeURIComponent(url.password),
    datacenter,
    where,
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
}
