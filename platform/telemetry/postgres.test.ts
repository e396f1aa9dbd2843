import { createTestDatabase, type TestDatabase } from '../../test/database';
import { newTraceId, sampleLog, sampleSpan } from '../../test/documents';
import { openRelay, type Relay } from '../../test/engines/relay';
import { type Environments, startEnvironments } from '../../test/environments';
import { until } from '../../test/until';
import { silent } from '../log';
import { telemetryContract } from './contract';
import { openTelemetry } from './open';
import { removeBefore } from './retention';

let database: TestDatabase;
let environments: Environments;
let relay: Relay;
beforeAll(async () => {
  database = await createTestDatabase();
  environments = await startEnvironments();
  relay = await openRelay({ host: '127.0.0.1', port: Number(new URL(environments.url).port) });
});
afterAll(async () => {
  await relay.close();
  await environments.stop();
  await database.drop();
});

telemetryContract('PostgreSQL', {
  version: () => environments.version(),
  open: (options) =>
    openTelemetry(Object.assign(new URL(environments.url), { port: relay.port }).toString(), {
      log: silent,
      ...options,
    }),
  openUnreachable: () => openTelemetry(environments.unreachable, { log: silent }),
  openWithWrongPassword: () => openTelemetry(environments.wrongPassword, { log: silent }),
  openAsStranger: () => openTelemetry(environments.stranger, { log: silent }),
  // Those that it has no connection for wait for one.
  rush: async () => ({ writes: 60, characters: 300_000, pushesBack: false }),
  faults: {
    crash: () => environments.crash(),
    pause: () => environments.pause(),
    resume: () => environments.resume(),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
  },
});

describe('telemetry in PostgreSQL', () => {
  const environment = 'dev';

  it('an address of an unknown kind is refused when it is opened', async () => {
    await expect(openTelemetry('mysql://127.0.0.1/x', { log: silent })).rejects.toMatchObject({
      code: 'config.invalid',
    });
  });

  it('a document that the server refuses costs its neighbours nothing', async () => {
    const store = await openTelemetry(database.url, { log: silent });
    const good = Array.from({ length: 20 }, () => sampleSpan({ environment, traceId: newTraceId(), at: new Date() }));
    const bad = sampleSpan({ environment, traceId: newTraceId(), at: new Date() });
    const broken = { ...bad, span: { ...bad.span, '@timestamp': 'the day after tomorrow' } };
    const result = await store.write([...good.slice(0, 7), broken, ...good.slice(7)]);
    expect(result).toMatchObject({ created: 20, duplicates: 0, rejected: [{ id: bad.id, retry: false }] });
    expect(result.rejected[0]?.reason).toContain('timestamp');
    await store.close();
  });

  it('old documents are removed, newer ones stay', async () => {
    const store = await openTelemetry(database.url, { log: silent });
    const [old, fresh] = [new Date('2020-01-01T00:00:00Z'), new Date('2020-01-09T00:00:00Z')];
    const namespace = { environment: 'aged', text: 'line' };
    await store.write([
      ...Array.from({ length: 30 }, () => sampleLog({ ...namespace, at: old })),
      sampleSpan({ environment: 'aged', traceId: newTraceId(), at: old }),
      sampleLog({ ...namespace, at: fresh }),
    ]);
    expect(await removeBefore(database.pool, new Date('2020-01-05T00:00:00Z'))).toBe(31);
    expect(await store.logs({ environment: 'aged', limit: 100 })).toHaveLength(1);
    await store.close();
  });

  it('a writer removes what is older than it keeps as soon as it opens the store', async () => {
    const first = await openTelemetry(database.url, { log: silent });
    await first.write([sampleLog({ environment: 'short', text: 'old', at: new Date('2020-01-01T00:00:00Z') })]);
    await first.close();
    const writer = await openTelemetry(database.url, { log: silent, keepDays: 7 });
    await until(async () => (await writer.logs({ environment: 'short', limit: 10 })).length === 0, {
      what: 'removal of the old line',
    });
    await writer.close();
  });
});
