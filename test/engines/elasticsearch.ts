import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@elastic/elasticsearch';
import { until } from '../until';
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

/**
 * Gives the server so much to do that most of the memory it has for incoming documents is taken, and resolves then; the
 * work is over after some seconds. It then answers further ones with a true 429.
 */
export async function occupied({ client }: TestElasticsearch): Promise<void> {
  const name = `busy-${randomBytes(4).toString('hex')}`;
  const source = 'long x = 0; for (int i = 0; i < 250000; i++) { x += i } ctx.x = x';
  await client.ingest.putPipeline({ id: name, processors: [{ script: { source } }] });
  const memory = async (): Promise<{ taken: number; limit: number }> => {
    const { nodes } = await client.nodes.stats({ metric: 'indexing_pressure' });
    const found = Object.values(nodes)[0]?.indexing_pressure?.memory;
    return { taken: Number(found?.current?.all_in_bytes), limit: Number(found?.limit_in_bytes) };
  };
  const { limit } = await memory();
  const operations = Array.from({ length: 40 }, () => [{ index: {} }, { text: 'x'.repeat(40_000) }]).flat();
  const requests = Array.from({ length: Math.ceil((1.1 * limit) / 1_600_000) }, () =>
    client.bulk({ index: name, pipeline: name, operations }).catch(() => undefined),
  );
  void Promise.all(requests)
    .then(() => client.indices.delete({ index: name }))
    .then(() => client.ingest.deletePipeline({ id: name }))
    .catch(() => undefined);
  await until(async () => (await memory()).taken > 0.7 * limit, { what: 'the server is busy', withinMs: 60_000 });
}
