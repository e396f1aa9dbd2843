import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, exercised, promised, promisesOf } from '../../test/contract';
import { until } from '../../test/until';
import { listen } from './listen';
import { migrate } from './migrate';
import { asPortError, openPool, type Pool, transaction } from './postgres';

/** What a server's test prepares. Addresses are those of the environment stage, with its own credentials. */
export interface DatabaseUnderTest {
  version(): Promise<string>;
  url(): string;
  unreachable(): string;
  wrongPassword(): string;
  /** Address of another environment's database, with stage's credentials. */
  stranger(): string;
  readonly faults: {
    crash(): Promise<void>;
    pause(): Promise<void> | void;
    resume(): Promise<void> | void;
    cut(): Promise<void>;
    mend(): Promise<void>;
  };
}

const PATIENCE = { withinMs: 60_000 };

/** What programs expect of a PostgreSQL, whichever it is. */
export function databaseContract(adapter: string, subject: DatabaseUnderTest): void {
  const keeps = (promise: string, work: () => Promise<void>, ...covers: Column[]): void =>
    promised(promise, work, { covers });

  describe(promisesOf('database', adapter), () => {
    const { faults } = subject;
    let pool: Pool;
    let schema: string;

    beforeAll(async () => exercised({ port: 'database', adapter, version: await subject.version() }));
    beforeEach(async () => {
      schema = `t${randomBytes(6).toString('hex')}`;
      pool = openPool(subject.url(), { query_timeout: 5_000 });
      await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.kept (id int PRIMARY KEY)`);
    });
    afterEach(async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await pool.end();
    });

    const refusal = async (url: string): Promise<unknown> => {
      const other = openPool(url, { connectionTimeoutMillis: 5_000 });
      const error = await other.query('SELECT 1').catch((thrown: unknown) => thrown);
      await other.end();
      return asPortError(error, 'database', 'the test');
    };
    const store = (id: number): Promise<boolean> =>
      pool.query(`INSERT INTO ${schema}.kept VALUES ($1) ON CONFLICT DO NOTHING`, [id]).then(
        () => true,
        (error: unknown) => {
          const { code } = asPortError(error, 'database', 'the test') as { code?: string };
          return code === 'database.unreachable' ? false : Promise.reject(error);
        },
      );
    const stored = async (): Promise<number[]> =>
      (await pool.query<{ id: number }>(`SELECT id FROM ${schema}.kept ORDER BY id`)).rows.map(({ id }) => id);
    const goesOn = async (): Promise<void> => {
      await until(() => store(-1), { what: 'it is written again', ...PATIENCE });
      expect(await stored()).toContain(-1);
    };

    keeps(
      'notifications come in the order of their commits',
      async () => {
        const heard: string[] = [];
        const listener = await listen(subject.url(), [schema], (_, payload) => heard.push(payload));
        for (let n = 0; n < 50; n += 1) await pool.query('SELECT pg_notify($1, $2)', [schema, String(n)]);
        await until(() => heard.length === 50, { what: 'all are heard' });
        expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
        await listener.stop();
      },
      'order',
    );

    keeps(
      'a listener whose connection was cut is told when it is back, and hears what comes then',
      async () => {
        const heard: string[] = [];
        let back = false;
        const onReconnect = () => (back = true);
        const listener = await listen(subject.url(), [schema], (_, payload) => heard.push(payload), { onReconnect });
        await faults.cut();
        await faults.mend();
        await until(() => back, { what: 'it is back', ...PATIENCE });
        await until(() => pool.query('SELECT pg_notify($1, $2)', [schema, 'later']), { what: 'it is said' });
        await until(() => heard.includes('later'), { what: 'it is heard' });
        await listener.stop();
      },
      'redelivery',
    );

    keeps(
      'programs that start at once migrate once, and an older program refuses a newer schema in a clear sentence',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'edwin-migrations-'));
        const own = `${schema}_m`;
        try {
          writeFileSync(join(folder, '0001_first.sql'), 'CREATE TABLE things (id int); INSERT INTO things VALUES (1)');
          writeFileSync(join(folder, '0002_second.sql'), 'INSERT INTO things VALUES (2)');
          await Promise.all(Array.from({ length: 6 }, () => migrate(pool, folder, own)));
          const { rows } = await pool.query(`SELECT count(*)::int AS things FROM ${own}.things`);
          expect(rows).toEqual([{ things: 2 }]);
          rmSync(join(folder, '0002_second.sql'));
          await expect(migrate(pool, folder, own)).rejects.toMatchObject({
            code: 'database.newer-schema',
            message: `Schema ${own} is at version 2 (0002_second.sql); this Edwin knows 1.`,
          });
        } finally {
          await pool.query(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
          rmSync(folder, { recursive: true });
        }
      },
      'duplicates',
    );

    keeps(
      'a pool opens no more connections than it may, and who waits too long is told',
      async () => {
        const small = openPool(subject.url(), { max: 2, connectionTimeoutMillis: 300, application_name: schema });
        const open = async (): Promise<unknown> =>
          (await pool.query('SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1', [schema]))
            .rows[0];
        const held = [await small.connect(), await small.connect()];
        const late = await small.query('SELECT 1').catch((thrown: unknown) => thrown);
        expect(asPortError(late, 'database', 'the test')).toMatchObject({ code: 'database.unreachable' });
        expect(await open()).toEqual({ n: 2 });
        for (const client of held) client.release();
        await Promise.all(Array.from({ length: 20 }, () => small.query('SELECT 1')));
        expect(await open()).toEqual({ n: 2 });
        await small.end();
      },
      'back-pressure',
    );

    keeps(
      'closing lets a transaction that is under way come to its end',
      async () => {
        const busy = openPool(subject.url());
        let closed: Promise<void> | undefined;
        await transaction(busy, async (client) => {
          await client.query(`INSERT INTO ${schema}.kept VALUES (7)`);
          closed = busy.end();
        });
        await closed;
        expect(await stored()).toEqual([7]);
      },
      'close while busy',
    );

    keeps(
      'what was committed is there after the server is killed in the middle',
      async () => {
        const confirmed: number[] = [];
        let over = false;
        const writing = (async () => {
          for (let n = 0; !over; n += 1) if (await store(n)) confirmed.push(n);
        })();
        await until(() => confirmed.length >= 50, { what: 'some are committed' });
        await faults.crash();
        const before = confirmed.length;
        await until(() => confirmed.length > before, { what: 'it goes on', ...PATIENCE });
        over = true;
        await writing;
        expect(await stored()).toEqual(expect.arrayContaining(confirmed));
      },
      'lost and back',
    );

    keeps(
      'a cut network is database.unreachable, and when it is mended it goes on by itself',
      async () => {
        await faults.cut();
        expect(await store(1)).toBe(false);
        await faults.mend();
        await goesOn();
      },
      'lost and back',
    );

    keeps(
      'a server that hangs is database.unreachable within the limit of the pool, and it goes on when it moves again',
      async () => {
        await faults.pause();
        try {
          expect(await store(1)).toBe(false);
        } finally {
          await faults.resume();
        }
        await goesOn();
      },
      'paused',
    );

    const code = (url: () => string, wanted: string) => async (): Promise<void> =>
      expect(await refusal(url())).toMatchObject({ code: wanted });
    keeps(
      'an address where nothing listens is database.unreachable',
      code(subject.unreachable, 'database.unreachable'),
      'unreachable',
    );
    keeps('a wrong password is refused', code(subject.wrongPassword, 'database.refused'), 'wrong credentials');
    keeps(
      'another environment’s database refuses our credentials',
      code(subject.stranger, 'database.refused'),
      'another environment',
    );
  });
}
