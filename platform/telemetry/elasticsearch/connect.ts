import { readFileSync } from 'node:fs';
import { Client, type ClientOptions, errors, SniffingTransport } from '@elastic/elasticsearch';
import { EdwinError } from '../../errors';

export interface Server {
  readonly client: Client;
  /** Host and port, for people. */
  readonly where: string;
  /** A write that is not answered by then is given up; the client's own limit is that of reads. */
  readonly writeLimitMs: number;
}

/**
 * A client for `elasticsearch+http://user:password@host:port` or `elasticsearch+https://…`, a path before Elasticsearch's
 * own included. In the query: `apiKey` (the encoded form, instead of user and password), and for https `ca`, `cert`
 * and `key`, each the path of a PEM file.
 *
 * It tries once more when a connection breaks, not when an answer is late; every call has a limit. It makes no spans of its own: the
 * writer would write about its writing for ever.
 */
export function connect(url: string, limitMs?: number): Server {
  const { protocol, host, pathname, username, password, searchParams } = new URL(url);
  const apiKey = searchParams.get('apiKey');
  const client = new Client({
    node: `${protocol.replace('elasticsearch+', '')}//${host}${pathname}`,
    ...(apiKey !== null && { auth: { apiKey } }),
    ...(apiKey === null &&
      username !== '' && { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }),
    ...(protocol === 'elasticsearch+https:' && { tls: tlsOf(searchParams) }),
    requestTimeout: limitMs ?? 15_000,
    maxRetries: 1,
    enableMetaHeader: false,
    redaction: { type: 'remove' },
    Transport: Untraced,
  });
  return { client, where: host, writeLimitMs: limitMs ?? 30_000 };
}

/** The client hands no such option on to its transport, which would make a span of each request, in a trace or not. */
class Untraced extends SniffingTransport {
  constructor(options: ConstructorParameters<typeof SniffingTransport>[0]) {
    super({ ...options, openTelemetry: { enabled: false } });
  }
}

function tlsOf(parameters: URLSearchParams): NonNullable<ClientOptions['tls']> {
  const files = ['ca', 'cert', 'key'].flatMap((name) => {
    const path = parameters.get(name);
    return path === null ? [] : [[name, contentOf(name, path)] as const];
  });
  return Object.fromEntries(files);
}

function contentOf(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new EdwinError('config.invalid', `TELEMETRY_URL: the file of ${name}, ${path}, can not be read.`, {
      cause: error,
    });
  }
}

/** @throws `telemetry.wrong-version` for what is not Elasticsearch 9: the client speaks to its own major version only. */
export async function refuseOtherVersions({ client, where }: Server): Promise<void> {
  const info = await client.info().catch((error: unknown) => {
    const status = error instanceof errors.ResponseError ? error.statusCode : undefined;
    const foreign = error instanceof errors.DeserializationError || status === 404 || status === 405;
    if (!foreign) throw error;
    throw new EdwinError('telemetry.wrong-version', `What answers at ${where} is not Elasticsearch.`);
  });
  if (info.version.number.split('.', 1)[0] === '9') return;
  throw new EdwinError('telemetry.wrong-version', `Elasticsearch at ${where} is ${info.version.number}, not 9.x.`);
}
