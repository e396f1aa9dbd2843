import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@elastic/elasticsearch';
import type { Engine } from './engine';

const run = promisify(execFile);

/** A server of Elasticsearch as tests use it, with the credentials of somebody who may do everything. */
export interface TestElasticsearch {
  readonly port: number;
  readonly client: Client;
  /** Address for the adapter, by way of another port if one is given, and for another user. */
  url(changes?: { readonly port?: number; readonly username?: string; readonly password?: string }): string;
  /** A verb of the control script, for this server. */
  control(verb: string): Promise<void>;
  close(): Promise<void>;
}

/** The server that the settings name. */
export function givenElasticsearch(engine: Engine): TestElasticsearch {
  const { port } = new URL(engine.setting('EDWIN_TEST_ELASTICSEARCH_URL'));
  return server(Number(port), process.env['EDWIN_TEST_ELASTICSEARCH_PASSWORD']);
}

/** A server that asks for credentials: the given one if it does, else one of our own on the next port. */
export async function securedElasticsearch(given: TestElasticsearch): Promise<TestElasticsearch> {
  if (process.env['EDWIN_TEST_ELASTICSEARCH_PASSWORD']) return given;
  const own = server(given.port + 1, randomBytes(8).toString('hex'));
  await own.control('up');
  const close = async (): Promise<void> => {
    await own.close();
    await own.control('wipe');
  };
  return { ...own, close };
}

function server(port: number, password: string | undefined): TestElasticsearch {
  const user = process.env['EDWIN_TEST_ELASTICSEARCH_USERNAME'] ?? 'elastic';
  const client = new Client({
    node: `http://127.0.0.1:${port}`,
    requestTimeout: 60_000,
    ...(password !== undefined && { auth: { username: user, password } }),
  });
  const environment = {
    ...process.env,
    WORKBENCH_ES_PORT: String(port),
    WORKBENCH_ES_HEAP: process.env['WORKBENCH_ES_HEAP'] ?? '512m',
    WORKBENCH_ES_PASSWORD: password ?? '',
  };
  return {
    port,
    client,
    url(changes = {}) {
      const who = changes.username ?? user;
      const secret = changes.password ?? password;
      const login = secret === undefined ? '' : `${who}:${encodeURIComponent(secret)}@`;
      return `elasticsearch+http://${login}127.0.0.1:${changes.port ?? port}`;
    },
    async control(verb) {
      const scripts = process.env['EDWIN_TEST_ENGINES'];
      if (!scripts) throw new Error('Elasticsearch can not be disturbed: EDWIN_TEST_ENGINES is not set');
      await run(join(scripts, 'elasticsearch'), [verb], { env: environment, timeout: 180_000 });
    },
    close: () => client.close(),
  };
}
